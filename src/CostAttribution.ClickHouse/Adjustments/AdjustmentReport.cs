using System.Text.Json;

namespace CostAttribution.ClickHouse.Adjustments;

/// <summary>How far settling is, or how it ended.</summary>
public enum AdjustmentState : byte
{
    /// <summary>Under way.</summary>
    Running = 0,

    /// <summary>All of it is done.</summary>
    Completed = 1,

    /// <summary>Something was in the way; what is posted stays, and the same request goes on with the rest.</summary>
    Failed = 2,
}

/// <summary>Which terms and periods are to be settled.</summary>
public sealed record AdjustmentRequest
{
    /// <summary>Periods that reach beyond it; null for all since the oldest ledger row.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Periods that begin before it; null for all that have begun.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Only this term; null for all.</summary>
    public string? Term { get; init; }

    /// <summary>Counts and posts nothing.</summary>
    public bool DryRun { get; init; }

    /// <summary>Settles quantities and capacity of periods that are not over yet, too, as they are now.</summary>
    public bool Open { get; init; }
}

/// <summary>What became of a request.</summary>
/// <param name="Report">The report so far; null when it did not begin.</param>
/// <param name="Fault">What is in the way; empty without report when another one is under way.</param>
public sealed record AdjustmentStart(AdjustmentReport? Report, string Fault = "");

/// <summary>What settling was asked for, how far it is, and what changed.</summary>
public sealed record AdjustmentReport
{
    /// <summary>Settlements in one report; more are counted only.</summary>
    public const int SettlementsMax = 1_000;

    private static readonly JsonSerializerOptions Json = SettlementReport.Json;
    private static readonly JsonSerializerOptions Indented = new(Json) { WriteIndented = true };

    /// <summary>Names it; node and start.</summary>
    public required string Id { get; init; }

    /// <summary>The node that does it.</summary>
    public required string Node { get; init; }

    /// <summary>How far it is.</summary>
    public required AdjustmentState State { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it ended; null while it runs.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>As asked for.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>As asked for.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Only this term; null for all.</summary>
    public string? Term { get; init; }

    /// <summary>Nothing is posted.</summary>
    public bool DryRun { get; init; }

    /// <summary>Periods that are not over are settled, too.</summary>
    public bool Open { get; init; }

    /// <summary>Version of the rate book whose terms are settled.</summary>
    public required string RateBookVersion { get; init; }

    /// <summary>Periods of terms that were computed.</summary>
    public long Periods { get; init; }

    /// <summary>Of these, those whose rows differ.</summary>
    public long PeriodsChanged { get; init; }

    /// <summary>Periods that are not over and were left.</summary>
    public long PeriodsPending { get; init; }

    /// <summary>Periods that could not be settled, whose rows stay as they are.</summary>
    public long PeriodsRefused { get; init; }

    /// <summary>Ledger rows posted, reversals included; in a dry run, that would be.</summary>
    public long RowsPosted { get; init; }

    /// <summary>By how much the ledger changes, USD.</summary>
    public string Difference { get; init; } = "0.000000000000";

    /// <summary>Why it ended early; empty when it did not.</summary>
    public string Failure { get; init; } = "";

    /// <summary>What changed or was refused.</summary>
    public IReadOnlyList<SettlementReport> Settlements { get; init; } = [];

    public string ToJson(bool indented = false) => JsonSerializer.Serialize(this, indented ? Indented : Json);

    /// <summary>Reads what <see cref="ToJson"/> wrote, or the REST interface; throws <see cref="JsonException"/>.</summary>
    public static AdjustmentReport FromJson(string json) => JsonSerializer.Deserialize<AdjustmentReport>(json, Json)
        ?? throw new JsonException("a report of adjustments is empty");
}
