using System.Text.Json;
using System.Text.Json.Serialization;

namespace CostAttribution.ClickHouse.Repricing;

/// <summary>What is to happen with prices of the past.</summary>
public enum RepricingKind : byte
{
    /// <summary>Corrections are posted.</summary>
    Apply = 1,

    /// <summary>What they would be is counted.</summary>
    DryRun = 2,

    /// <summary>What the past would have cost otherwise is counted.</summary>
    WhatIf = 3,
}

/// <summary>How far it is.</summary>
public enum RepricingState : byte
{
    /// <summary>Under way, or cut off and to go on when its node starts again.</summary>
    Running = 1,

    /// <summary>The whole range was looked at.</summary>
    Completed = 2,

    /// <summary>Ended early; failure says why, cursor how far it came.</summary>
    Failed = 3,

    /// <summary>Ended early on request; what was posted stays.</summary>
    Canceled = 4,
}

/// <summary>What was asked, how far it is, and what differs.</summary>
public sealed record RepricingReport
{
    /// <summary>Customer, provider and model of what is summed up because there were too many groups.</summary>
    public const string Rest = "*rest*";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly JsonSerializerOptions Indented = new(Json) { WriteIndented = true };

    /// <summary>Names it; node and start.</summary>
    public required string Id { get; init; }

    /// <summary>The node that does it.</summary>
    public required string Node { get; init; }

    /// <summary>What is done.</summary>
    public required RepricingKind Kind { get; init; }

    /// <summary>How far it is.</summary>
    public required RepricingState State { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it ended; null while it runs.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>First event time; null for the oldest.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>End of the event times, not included; null for all.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Only calls of this provider; null for all.</summary>
    public string? Provider { get; init; }

    /// <summary>Only calls of this model; null for all.</summary>
    public string? Model { get; init; }

    /// <summary>Only this customer's; empty for what has none, null for all.</summary>
    public string? Customer { get; init; }

    /// <summary>Version of the rate book that prices.</summary>
    public required string RateBookVersion { get; init; }

    /// <summary>Calls that were priced as another model's.</summary>
    public IReadOnlyList<RepricingMove> Moves { get; init; } = [];

    /// <summary>All event times before it were dealt with; null before the first.</summary>
    public DateTimeOffset? Cursor { get; init; }

    /// <summary>Standing ledger rows looked at.</summary>
    public long Rows { get; init; }

    /// <summary>Rows whose price differs; when corrections are posted, those corrected.</summary>
    public long RowsChanged { get; init; }

    /// <summary>Ledger rows posted: a reversal and a replacement each.</summary>
    public long RowsPosted { get; init; }

    /// <summary>What the rows looked at cost, USD, without those that could not be corrected.</summary>
    public string CostBefore { get; init; } = "0.000000000000";

    /// <summary>What they cost by the book.</summary>
    public string CostAfter { get; init; } = "0.000000000000";

    /// <summary>After less before.</summary>
    public string Difference { get; init; } = "0.000000000000";

    /// <summary>Traces to which spans were still coming: corrected when they settle.</summary>
    public long TracesOpen { get; init; }

    /// <summary>Traces without readable facts in the store, which keep their price.</summary>
    public long TracesLeft { get; init; }

    /// <summary>Traces that another living node holds: ask it as well.</summary>
    public long TracesElsewhere { get; init; }

    /// <summary>Rows that this program cannot read, which keep their price.</summary>
    public long RowsUnreadable { get; init; }

    /// <summary>Why it ended early; empty when it did not.</summary>
    public string Failure { get; init; } = "";

    /// <summary>What differs, by customer, provider, model and day; beyond the limit in a group of the rest.</summary>
    public IReadOnlyList<RepricingGroup> Groups { get; init; } = [];

    /// <summary>What of the rows that differ has no price by the book.</summary>
    public IReadOnlyList<RepricingGap> Unpriced { get; init; } = [];

    public string ToJson(bool indented = false) => JsonSerializer.Serialize(this, indented ? Indented : Json);

    /// <summary>Reads what <see cref="ToJson"/> wrote, or the REST interface; throws <see cref="JsonException"/>.</summary>
    public static RepricingReport FromJson(string json) => JsonSerializer.Deserialize<RepricingReport>(json, Json)
        ?? throw new JsonException("a re-pricing's report is empty");
}

/// <summary>Rows that differ.</summary>
/// <param name="Customer">Empty for what has none.</param>
/// <param name="Provider">As the rows that stand say.</param>
/// <param name="Model">As the rows that stand say.</param>
/// <param name="Day">UTC day of the calls, yyyy-MM-dd.</param>
/// <param name="Rows">Rows that differ.</param>
/// <param name="Calls">Calls of these rows.</param>
/// <param name="Before">What they cost, USD.</param>
/// <param name="After">What they cost by the book.</param>
/// <param name="Difference">After less before.</param>
public sealed record RepricingGroup(string Customer, string Provider, string Model, string Day, long Rows, long Calls,
    string Before, string After, string Difference);

/// <summary>Usage without a price.</summary>
/// <param name="Provider">As priced.</param>
/// <param name="Model">As priced.</param>
/// <param name="Unit">The first unit that has no price; empty when the model has none.</param>
/// <param name="Calls">Calls with it.</param>
/// <param name="Quantity">Of the unit; all tokens when the model has none.</param>
public sealed record RepricingGap(string Provider, string Model, string Unit, long Calls, long Quantity);

/// <summary>Calls of one model that another is to have answered.</summary>
/// <param name="FromProvider">Empty for any.</param>
/// <param name="FromModel">As rows say.</param>
/// <param name="ToProvider">Empty for the same.</param>
/// <param name="ToModel">The model whose prices count.</param>
public sealed record RepricingMove(string FromProvider, string FromModel, string ToProvider, string ToModel);
