using CostAttribution.Domain.Identity;

namespace CostAttribution.Domain.Costing;

/// <summary>One value of one dimension that comes from outside the trace.</summary>
public readonly record struct OutsideValue(string Dimension, string Value);

/// <summary>
/// Everything that costing a trace takes from outside it. Stored with the trace's facts, so that a re-run gives the same
/// entries. Immutable; a changed context re-queues the trace.
/// </summary>
public sealed record TraceContext
{
    public static TraceContext Empty { get; } = new();

    /// <summary>Session id → values that all other traces of the session agree on.</summary>
    public IReadOnlyDictionary<string, OutsideValue[]> Sessions { get; init; } = new Dictionary<string, OutsideValue[]>();

    /// <summary>Linked span → values it has in its own trace.</summary>
    public IReadOnlyDictionary<(TraceId TraceId, SpanId SpanId), OutsideValue[]> Links { get; init; } =
        new Dictionary<(TraceId, SpanId), OutsideValue[]>();

    /// <summary>
    /// Key of a response id → what every other trace that reports it says, by trace (<see cref="OutsideValue.Dimension"/>).
    /// </summary>
    public IReadOnlyDictionary<string, OutsideValue[]> Responses { get; init; } = new Dictionary<string, OutsideValue[]>();

    /// <summary>
    /// Key of a series of agent totals → what the trace before this one says of it, by trace; one value each.
    /// </summary>
    public IReadOnlyDictionary<string, OutsideValue[]> Series { get; init; } = new Dictionary<string, OutsideValue[]>();

    /// <summary>Values found in other traces of the explicit run <see cref="RunId"/>, unique per dimension.</summary>
    public IReadOnlyList<OutsideValue> Run { get; init; } = [];

    /// <summary>The run that <see cref="Run"/> was heard of; empty when nothing was.</summary>
    public string RunId { get; init; } = "";

    /// <summary>True once the trace has settled: evidence <c>run</c> and <c>session</c> may be used.</summary>
    public bool Final { get; init; }

    /// <summary>True when the trace was closed before it was whole (idle or pressure).</summary>
    public bool Incomplete { get; init; }
}
