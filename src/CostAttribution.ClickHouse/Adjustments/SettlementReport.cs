using System.Text.Json;
using System.Text.Json.Serialization;

namespace CostAttribution.ClickHouse.Adjustments;

/// <summary>How a period of a term stands.</summary>
public enum SettlementState : byte
{
    /// <summary>The period is over.</summary>
    Final = 0,

    /// <summary>Settled as of then; the period goes on.</summary>
    Provisional = 1,

    /// <summary>It cannot be settled; what stands stays.</summary>
    Refused = 2,

    /// <summary>The term has no such period any more; what stood is taken back.</summary>
    Withdrawn = 3,
}

/// <summary>What one period of a term was settled at, and why.</summary>
public sealed record SettlementReport
{
    /// <summary>Groups in one report; the ledger has all of them.</summary>
    public const int GroupsMax = 200;

    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Id of the term; <c>cost_item</c> and <c>rate_id</c> of its rows.</summary>
    public required string Term { get; init; }

    /// <summary>Kind of the term; <c>operation</c> of its rows.</summary>
    public required string Kind { get; init; }

    /// <summary>The period; <c>step</c> of its rows.</summary>
    public required string Period { get; init; }

    /// <summary>Begin of the period, as far as the term holds.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>Its end, not included.</summary>
    public required DateTimeOffset To { get; init; }

    /// <summary>How it stands.</summary>
    public required SettlementState State { get; init; }

    /// <summary>When it was settled so.</summary>
    public required DateTimeOffset SettledAt { get; init; }

    /// <summary>The node that did it.</summary>
    public required string Node { get; init; }

    /// <summary>Version of the rate book that has the term.</summary>
    public required string RateBookVersion { get; init; }

    /// <summary>The unit of tiers and allowances; else empty.</summary>
    public string Unit { get; init; } = "";

    /// <summary>Of the unit used in the period, or units of capacity held.</summary>
    public string Quantity { get; init; } = "0";

    /// <summary>What the usage concerned cost, USD.</summary>
    public string Before { get; init; } = "0.000000000000";

    /// <summary>What it costs by the term.</summary>
    public string Settled { get; init; } = "0.000000000000";

    /// <summary>Settled less before: the sum of the rows.</summary>
    public string Adjustment { get; init; } = "0.000000000000";

    /// <summary>What of it no customer bears, because nobody used anything.</summary>
    public string Unallocated { get; init; } = "0.000000000000";

    /// <summary>Ledger rows that stand for it.</summary>
    public long Lines { get; init; }

    /// <summary>US dollars for one unit of the term's currency, at the begin of the period; empty for US dollars.</summary>
    public string ExchangeRate { get; init; } = "";

    /// <summary>Why it was refused; empty when it was not.</summary>
    public string Failure { get; init; } = "";

    /// <summary>The arithmetic, step by step.</summary>
    public IReadOnlyList<SettlementStep> Steps { get; init; } = [];

    /// <summary>Who bears it; the largest amounts.</summary>
    public IReadOnlyList<SettlementGroup> Groups { get; init; } = [];

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>Reads what <see cref="ToJson"/> wrote; throws <see cref="JsonException"/>.</summary>
    public static SettlementReport FromJson(string json) => JsonSerializer.Deserialize<SettlementReport>(json, Json)
        ?? throw new JsonException("a settlement's report is empty");

    /// <summary>Whether it says the same, apart from when and by whom.</summary>
    public bool SaysTheSame(SettlementReport other) => (this with { SettledAt = other.SettledAt, Node = other.Node,
        RateBookVersion = other.RateBookVersion, Steps = other.Steps, Groups = other.Groups }) == other
        && Steps.SequenceEqual(other.Steps) && Groups.SequenceEqual(other.Groups);
}

/// <summary>A step of the arithmetic.</summary>
/// <param name="What">What is counted.</param>
/// <param name="Quantity">Units or hours; empty where it does not apply.</param>
/// <param name="Each">US dollars or factor for one; empty where it does not apply.</param>
/// <param name="Amount">US dollars.</param>
public sealed record SettlementStep(string What, string Quantity, string Each, string Amount);

/// <summary>The part of a settlement that somebody bears.</summary>
/// <param name="Customer">Empty for what has none.</param>
/// <param name="Feature">Empty for what has none.</param>
/// <param name="Provider">As the usage has it.</param>
/// <param name="Model">As the usage has it.</param>
/// <param name="Lines">Ledger rows.</param>
/// <param name="Amount">US dollars.</param>
public sealed record SettlementGroup(string Customer, string Feature, string Provider, string Model, long Lines, string Amount);
