namespace CostAttribution.ClickHouse.Auditing;

/// <summary>A posting that the store refused for what it says, and that waits in quarantine.</summary>
public sealed record RefusedPosting
{
    /// <summary>Names it and its file.</summary>
    public required string PostingId { get; init; }

    /// <summary>Size of its file.</summary>
    public required long Bytes { get; init; }

    /// <summary>When its rows were made; null when it cannot be read.</summary>
    public DateTimeOffset? PostedAt { get; init; }

    /// <summary>The table that refused it; empty when it was never sent.</summary>
    public string RefusedBy { get; init; } = "";

    /// <summary>The store's error code; null when it was never sent.</summary>
    public int? Code { get; init; }

    /// <summary>The store's words, or why it was not sent.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Why its rows cannot be read; empty when they can.</summary>
    public string Fault { get; init; } = "";

    /// <summary>Rows by table that are not in the store because of it.</summary>
    public IReadOnlyDictionary<string, int> Rows { get; init; } = new Dictionary<string, int>();

    /// <summary>Spans whose facts it holds.</summary>
    public int Spans { get; init; }

    /// <summary>What its ledger rows sum up to, in USD.</summary>
    public string Cost { get; init; } = "0.000000000000";

    /// <summary>How many traces it holds something of.</summary>
    public int TraceCount { get; init; }

    /// <summary>Its traces, those that cost most first; in a list of postings the first few.</summary>
    public IReadOnlyList<RefusedTrace> Traces { get; init; } = [];

    /// <summary>As it stands in a list of postings.</summary>
    public RefusedPosting Listed() => this with { Traces = [.. Traces.Take(TracesListedMax)] };

    private const int TracesListedMax = 5;
}

/// <summary>What a refused posting holds of one trace.</summary>
/// <param name="TraceId">32 hexadecimal digits.</param>
/// <param name="LedgerRows">Ledger rows, reversals included.</param>
/// <param name="Spans">Spans whose facts it holds.</param>
/// <param name="Cost">What the ledger rows sum up to, in USD.</param>
/// <param name="From">Start of the trace as far as it was known; null when nothing says.</param>
/// <param name="To">Its end.</param>
public sealed record RefusedTrace(string TraceId, int LedgerRows, int Spans, string Cost, DateTimeOffset? From,
    DateTimeOffset? To);

/// <summary>What became of a refused posting that was to be posted again.</summary>
public enum RefusedOutcome : byte
{
    /// <summary>Its traces were costed again with its spans, and what was missing is in the store; its file is gone.</summary>
    Posted = 1,

    /// <summary>The store refused one of its traces again; the new file says why.</summary>
    RefusedAgain = 2,

    /// <summary>
    /// Its spans are kept with their traces, which are costed when they settle or can be read; its file is gone.
    /// </summary>
    Waiting = 3,

    /// <summary>Its file stays: it cannot be read, or posting it was cut off. It may be posted again.</summary>
    Left = 4,
}

/// <summary>How posting a refused posting again ended.</summary>
/// <param name="PostingId">As asked.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Rows">Ledger rows that were missing and are posted now.</param>
/// <param name="Why">What is in the way; empty when it is posted.</param>
public sealed record RefusedResult(string PostingId, RefusedOutcome Outcome, long Rows, string Why);
