using CostAttribution.ClickHouse.Topics;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Tracing;
using CostAttribution.Ingest.Posting;

namespace CostAttribution.Ingest.Assembly;

/// <summary>What the store holds of a trace that was posted before.</summary>
internal sealed record StoredTrace(IReadOnlyList<SpanBatch> Facts, StandingTrace Standing, TraceContext Context)
{
    /// <summary>All topics that it ever asked or told about.</summary>
    public IReadOnlyList<TopicHistory> Topics { get; init; } = [];

    /// <summary>Its last posting came in part: the ledger has rows that the facts do not tell of.</summary>
    public bool WasCutOff { get; init; }
}
