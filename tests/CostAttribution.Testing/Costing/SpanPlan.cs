using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Tracing;

namespace CostAttribution.Testing.Costing;

/// <summary>A span as a test writes it, with attributes as plain values: text, long, double or bool.</summary>
public sealed record SpanPlan
{
    public required string Id { get; init; }

    /// <summary>Name of its trace; empty for <see cref="TracePlan.TraceId"/>.</summary>
    public string Trace { get; init; } = "";
    public string Parent { get; init; } = "";
    public string Name { get; init; } = "";
    public SpanKind Kind { get; init; } = SpanKind.Internal;
    public SpanStatus Status { get; init; }

    /// <summary>Milliseconds after <see cref="TracePlan.BaseNanos"/>.</summary>
    public long StartMillis { get; init; }
    public long EndMillis { get; init; } = 1;
    public string Scope { get; init; } = "";
    public string ScopeVersion { get; init; } = "";
    public string SchemaUrl { get; init; } = "";
    public IReadOnlyList<KeyValuePair<string, object>> Resource { get; init; } = [];
    public IReadOnlyList<KeyValuePair<string, object>> Attributes { get; init; } = [];

    /// <summary>Ids of linked spans, each <c>trace:span</c> in hexadecimal.</summary>
    public IReadOnlyList<(TraceId Trace, SpanId Span)> Links { get; init; } = [];

    public SpanId SpanId => IdOf(Id);
    public TraceId TraceId => Trace.Length == 0 ? TracePlan.TraceId : new TraceId(TracePlan.TraceId.High, IdOf(Trace).Value);

    /// <summary>A stable id for a name such as <c>S1</c>.</summary>
    public static SpanId IdOf(string name)
    {
        if (name.Length == 0) return default;
        ulong hash = 14695981039346656037;
        foreach (var letter in name) hash = unchecked((hash ^ letter) * 1099511628211);
        return new SpanId(hash | 1);
    }
}
