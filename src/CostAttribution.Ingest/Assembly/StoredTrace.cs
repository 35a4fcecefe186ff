using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Tracing;
using CostAttribution.Ingest.Posting;

namespace CostAttribution.Ingest.Assembly;

/// <summary>What the store holds of a trace that was posted before.</summary>
internal sealed record StoredTrace(IReadOnlyList<SpanBatch> Facts, StandingTrace Standing, TraceContext Context);
