using CostAttribution.Api.Spans;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.Api.Runs;

/// <summary>One span of a run with everything below it.</summary>
public sealed record RunSpan
{
    /// <summary>Trace, 32 hexadecimal digits.</summary>
    public required string TraceId { get; init; }

    /// <summary>Span, 16 hexadecimal digits.</summary>
    public required string SpanId { get; init; }

    /// <summary>Empty on a root. A parent that was not received is named here although it is not in the tree.</summary>
    public required string ParentSpanId { get; init; }

    /// <summary>Name of the span; empty when only its ledger rows are known.</summary>
    public required string Name { get; init; }

    /// <summary>Service that sent it.</summary>
    public required string Service { get; init; }

    /// <summary>Instrumentation scope.</summary>
    public required string Scope { get; init; }

    /// <summary>Start.</summary>
    public required DateTimeOffset StartTime { get; init; }

    /// <summary>End.</summary>
    public required DateTimeOffset EndTime { get; init; }

    /// <summary>leaf (a provider call), container, tool, non_billable or other.</summary>
    public required string Role { get; init; }

    /// <summary>owner, duplicate, aggregate, aggregate_fallback or none.</summary>
    public required string Ownership { get; init; }

    /// <summary>The span that owns the call this one repeats; null when none does.</summary>
    public required SpanLink? SupersededBy { get; init; }

    /// <summary>The conventions its attributes follow; empty when it is no GenAI span.</summary>
    public required string Dialect { get; init; }

    /// <summary>False while the trace may still change.</summary>
    public required bool Settled { get; init; }

    /// <summary>Guesses and oddities by name.</summary>
    public required IReadOnlyList<string> Flags { get; init; }

    /// <summary>What stands in the ledger for this span itself: its usage, and one per cost item.</summary>
    public required IReadOnlyList<LedgerRow> Items { get; init; }

    /// <summary>Net cost of the span itself, USD.</summary>
    public required Money Cost { get; init; }

    /// <summary>Net cost of the span and everything below it, USD.</summary>
    public required Money CostWithChildren { get; init; }

    /// <summary>Address of the explanation of every number.</summary>
    public required string Explain { get; init; }

    /// <summary>Spans below, by start.</summary>
    public required IReadOnlyList<RunSpan> Children { get; init; }
}
