using CostAttribution.Domain.Pricing;

namespace CostAttribution.Api.Pipeline;

/// <summary>How a part of the data plane is doing.</summary>
public enum PartState
{
    /// <summary>Not started yet.</summary>
    Starting,

    /// <summary>Working as it should.</summary>
    Healthy,

    /// <summary>Working, but holding senders back or retrying.</summary>
    Struggling,

    /// <summary>Not working; an operator has to look.</summary>
    Failed,
}

/// <summary>Everything the data plane counts, at one instant.</summary>
public sealed record PipelineSnapshot
{
    /// <summary>When the figures were read.</summary>
    public required DateTimeOffset AsOf { get; init; }

    /// <summary>When the process started; counts begin there.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>OTLP requests received.</summary>
    public required long Requests { get; init; }

    /// <summary>Spans and where they are.</summary>
    public required SpanCounts Spans { get; init; }

    /// <summary>Ledger rows confirmed by the store, reversals included.</summary>
    public required long RowsPosted { get; init; }

    /// <summary>How far posting is behind the journal.</summary>
    public required PipelineLag Lag { get; init; }

    /// <summary>Open traces and what they take.</summary>
    public required OpenTraces OpenTraces { get; init; }

    /// <summary>Cost that is known but not posted yet.</summary>
    public required OpenCostSummary OpenCost { get; init; }

    /// <summary>Phase → reason → how often: everything refused, guessed, cut or corrected.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyDictionary<string, long>> Reasons { get; init; }

    /// <summary>The journal.</summary>
    public required PartStatus Journal { get; init; }

    /// <summary>The posting to the store.</summary>
    public required PartStatus Posting { get; init; }

    /// <summary>The recovery after the start; intake opens when it has finished.</summary>
    public required PartStatus Recovery { get; init; }

    /// <summary>How the last audit of the ledger ended; findings that are left make it struggling.</summary>
    public required AuditSummary Audit { get; init; }

    /// <summary>What waits in files for an operator, or for a program that can read it.</summary>
    public required SetAsideSummary SetAside { get; init; }

    /// <summary>The limits in force.</summary>
    public required IReadOnlyList<PipelineLimit> Limits { get; init; }
}

/// <summary>Spans by where they are.</summary>
public sealed record SpanCounts
{
    /// <summary>Decoded from requests.</summary>
    public required long Received { get; init; }

    /// <summary>Synced in the journal and acknowledged.</summary>
    public required long Journaled { get; init; }

    /// <summary>In traces that are not settled.</summary>
    public required long Open { get; init; }

    /// <summary>In traces whose facts the store has confirmed.</summary>
    public required long Posted { get; init; }

    /// <summary>Refused, with a reason told to the sender.</summary>
    public required long Refused { get; init; }
}

/// <summary>How far posting is behind the journal.</summary>
public sealed record PipelineLag
{
    /// <summary>Journal bytes not covered by a confirmed posting.</summary>
    public required long Bytes { get; init; }

    /// <summary>Age of the oldest of them in seconds; 0 when there is none.</summary>
    public required double Seconds { get; init; }
}

/// <summary>Open traces and what they take.</summary>
public sealed record OpenTraces
{
    /// <summary>How many are open.</summary>
    public required long Count { get; init; }

    /// <summary>Memory they take, in bytes.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Memory at which the oldest are posted and put aside, in bytes.</summary>
    public required long MemoryBytesMax { get; init; }

    /// <summary>How often what is open has been counted since the start: the figures are those of the last time.</summary>
    public required long Observations { get; init; }
}

/// <summary>Cost that is known but not posted yet.</summary>
public sealed record OpenCostSummary
{
    /// <summary>USD.</summary>
    public required Money Cost { get; init; }

    /// <summary>Provider calls it belongs to.</summary>
    public required long Calls { get; init; }

    /// <summary>When the oldest of it was received; null when there is none.</summary>
    public required DateTimeOffset? OldestReceivedAt { get; init; }
}

/// <summary>The last audit of the ledger since the start of the process.</summary>
public sealed record AuditSummary
{
    /// <summary>Starting until one has ended.</summary>
    public required PartStatus Status { get; init; }

    /// <summary>One is under way.</summary>
    public required bool Running { get; init; }

    /// <summary>The last one that ended, see <c>/api/v1/audits/{auditId}</c>; empty when there was none.</summary>
    public required string AuditId { get; init; }

    /// <summary>When it ended; null when there was none.</summary>
    public required DateTimeOffset? EndedAt { get; init; }

    /// <summary>What it found to be wrong.</summary>
    public required long Found { get; init; }

    /// <summary>What of that it corrected.</summary>
    public required long Repaired { get; init; }
}

/// <summary>What waits in files for an operator, or for a program that can read it. Lists are cut off at twenty.</summary>
public sealed record SetAsideSummary
{
    /// <summary>Traces that the store holds in a form that cannot be read; files in <c>journal/quarantine/traces</c>.</summary>
    public required long Traces { get; init; }

    /// <summary>Ids of the first of them.</summary>
    public required IReadOnlyList<string> TraceIds { get; init; }

    /// <summary>Postings that the store refused for what they say; files in <c>postings/quarantine</c>.</summary>
    public required long RefusedPostings { get; init; }

    /// <summary>Posting files that do not check.</summary>
    public required long DamagedPostings { get; init; }

    /// <summary>Names of the first of them, in <c>postings</c>.</summary>
    public required IReadOnlyList<string> DamagedPostingFiles { get; init; }
}

/// <summary>How a part is doing, and why.</summary>
/// <param name="State">In one word.</param>
/// <param name="Detail">What is wrong and what to do; empty when all is well.</param>
public sealed record PartStatus(PartState State, string Detail);

/// <summary>One limit in force.</summary>
/// <param name="Setting">Name of the setting, as in the configuration.</param>
/// <param name="Value">In the unit below.</param>
/// <param name="Unit">For example <c>bytes</c>, <c>spans</c>, <c>seconds</c>.</param>
/// <param name="TimesReached">How often something met it since the start.</param>
public sealed record PipelineLimit(string Setting, long Value, string Unit, long TimesReached);
