using CostAttribution.ClickHouse.Facts;
using CostAttribution.ClickHouse.Topics;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;

namespace CostAttribution.Simulation.Store;

/// <summary>One inserted block, as rows.</summary>
internal sealed class StoredInsert
{
    public required string Table { get; init; }
    public required string Token { get; init; }
    public required string PostingId { get; init; }

    /// <summary>Hash of the block's bytes: a token that comes again must come with the same.</summary>
    public required ulong Hash { get; init; }
    public required int RowCount { get; init; }

    /// <summary>When its rows say they were posted, in milliseconds since the Unix epoch.</summary>
    public required long PostedAtMillis { get; init; }
    /// <summary>The rows from the first (included) to the last (not included) of its table.</summary>
    public StoredInsert Rows(int from, int to) => new()
    {
        Table = Table, Token = Token, PostingId = PostingId, Hash = Hash, RowCount = to - from, PostedAtMillis = PostedAtMillis,
        AppliedAt = AppliedAt, Ledger = Some(Ledger, from, to), Facts = Some(Facts, from, to), Segments = Some(Segments, from, to),
        Topics = Some(Topics, from, to),
    };

    private static T[] Some<T>(IReadOnlyList<T> all, int from, int to) => [.. all.Skip(from).Take(to - from)];

    public IReadOnlyList<LedgerRow> Ledger { get; init; } = [];
    public IReadOnlyList<FactsRow> Facts { get; init; } = [];
    public IReadOnlyList<SegmentRow> Segments { get; init; } = [];
    public IReadOnlyList<StoredTopic> Topics { get; init; } = [];

    /// <summary>When it was applied; decides what a crash of the store's machine may take back.</summary>
    public DateTimeOffset AppliedAt { get; init; }
}

/// <summary>A row of <c>cost_ledger</c>: the entry as the product reads it back, and the columns that readers sum as they stand.</summary>
internal sealed record LedgerRow(LedgerEntry Entry, IReadOnlyList<Int128> Measures);

/// <summary>A row of <c>trace_facts</c>.</summary>
internal sealed record FactsRow(StoredFacts Stored, IReadOnlyList<FactsSpan> Spans);

/// <summary>One span of a facts row.</summary>
internal sealed record FactsSpan(SpanId SpanId, Ownership Ownership, string SupersededBy, string Customer, string Feature,
    string SaidCustomer, string SaidFeature);

/// <summary>A row of <c>run_segments</c>; quantities in the order of <see cref="SegmentNames"/>.</summary>
internal sealed record SegmentRow(string RunId, TraceId TraceId, int Revision, string CustomerId, string Status,
    IReadOnlyList<Int128> Quantities)
{
    public static readonly string[] SegmentNames = ["calls", "failed_calls", "input_tokens", "cache_read_tokens",
        "cache_write_tokens", "cache_write_1h_tokens", "output_tokens", "reasoning_tokens", "cost", "list_cost", "retry_cost"];
}

/// <summary>A row of <c>trace_topics</c>.</summary>
internal sealed record StoredTopic(TopicKind Kind, string Topic, string Item, TraceId TraceId, int Revision, bool Asks,
    IReadOnlyList<KeyValuePair<string, string>> Words);

/// <summary>One group of <c>cost_hourly</c>.</summary>
internal sealed record HourlyRow(string Group, long HourMicros, IReadOnlyList<Int128> Measures);
