using CostAttribution.Domain.Identity;

namespace CostAttribution.ClickHouse.Auditing;

/// <summary>Something that a check found at odds; a finding once it is confirmed while no posting is in flight.</summary>
/// <param name="Kind">What is wrong, in one word of the check.</param>
/// <param name="Subject">What it is about: an hour, a span, a posting.</param>
/// <param name="Detail">The figures.</param>
public sealed record AuditSuspect(string Kind, string Subject, string Detail)
{
    /// <summary>The trace to look at again; zero when it is not about a trace.</summary>
    public TraceId TraceId { get; init; }

    /// <summary>The hour of the rollup; null when it is not about one.</summary>
    public DateTimeOffset? Hour { get; init; }

    /// <summary>Highest revision that the store holds for the trace, where that is in question; else 0.</summary>
    public int Revision { get; init; }

    /// <summary>The run concerned; empty when none is.</summary>
    public string RunId { get; init; } = "";

    /// <summary>What other traces, as the store has them, say first-hand about questions of this one.</summary>
    public IReadOnlyList<OutsideWord> Words { get; init; } = [];
}

/// <summary>What a word is about.</summary>
public enum OutsideTopic : byte { Session = 1, Run = 2, Link = 3 }

/// <summary>One value that another trace knows first-hand.</summary>
/// <param name="Topic">What it is about.</param>
/// <param name="Key">Session id or run id; empty for a link.</param>
/// <param name="Source">The trace that says so; for a link the trace of the linked span.</param>
/// <param name="Span">The linked span; zero otherwise.</param>
/// <param name="Dimension">Dimension's name.</param>
/// <param name="Value">Its value, never empty.</param>
public sealed record OutsideWord(OutsideTopic Topic, string Key, TraceId Source, SpanId Span, string Dimension, string Value);
