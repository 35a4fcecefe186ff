namespace CostAttribution.Domain.Pricing;

/// <summary>Which price list a card belongs to. Contract cards lie over list cards; the list price is kept beside.</summary>
public enum RateLayer : byte { List = 0, Contract = 1 }

/// <summary>Price of one unit in the card's currency: <paramref name="Amount"/> for every <paramref name="Per"/> units.</summary>
/// <param name="Unit">A unit name from <see cref="RateUnits"/> or one the card's file declares.</param>
/// <param name="Amount">In whole currency units, exact. Zero means explicitly free.</param>
/// <param name="Per">At least 1.</param>
public sealed record UnitPrice(string Unit, Rational Amount, long Per)
{
    /// <summary>Amount for a single unit.</summary>
    public Rational Each => Amount / Per;
}

/// <summary>How a threshold on the request's input total changes the price.</summary>
public enum ThresholdMode : byte
{
    /// <summary>Once passed, the whole request is priced at the threshold's rates.</summary>
    Whole = 0,

    /// <summary>Only the input beyond the threshold is; output keeps its rate.</summary>
    Marginal = 1,
}

/// <summary>Rates that hold when the input total is greater than <paramref name="Above"/> tokens; units not named keep
/// theirs.</summary>
public sealed record ContextThreshold(long Above, ThresholdMode Mode, IReadOnlyList<UnitPrice> Rates);

/// <summary>What a service tier does to a card: a factor on token rates, or rates (and thresholds) of its own.</summary>
public sealed record TierPrice(string Tier, Rational Factor, IReadOnlyList<UnitPrice> Rates,
    IReadOnlyList<ContextThreshold> Thresholds);

/// <summary>Prices of one model (or family of equal price) for one period, as published or agreed. Immutable.</summary>
public sealed record RateCard
{
    /// <summary>Names the card on ledger rows. A later <see cref="RecordedAtNanos"/> under the same id corrects the
    /// card.</summary>
    public required string Id { get; init; }

    /// <summary>Who bills the call: canonical provider ids, lower case, at least one.</summary>
    public required IReadOnlyList<string> Providers { get; init; }

    /// <summary>Reseller or gateway this card is for; empty for the provider itself. Never matched across sellers.</summary>
    public string Seller { get; init; } = "";
    public RateLayer Layer { get; init; }

    /// <summary>Any of these selects the card; the most specific rule over all cards wins.</summary>
    public required IReadOnlyList<ModelRule> Match { get; init; }

    /// <summary>Models the card must not be used for although a rule matches.</summary>
    public IReadOnlyList<ModelRule> Except { get; init; } = [];

    /// <summary>ISO 4217 code.</summary>
    public string Currency { get; init; } = "USD";

    /// <summary>Effective from, inclusive, nanoseconds since the Unix epoch; <see cref="long.MinValue"/> = always was.</summary>
    public long FromNanos { get; init; } = long.MinValue;

    /// <summary>Effective to, exclusive; <see cref="long.MaxValue"/> = until further notice.</summary>
    public long ToNanos { get; init; } = long.MaxValue;

    /// <summary>When this was learnt, nanoseconds since the Unix epoch.</summary>
    public long RecordedAtNanos { get; init; }

    /// <summary>Everything costs nothing, explicitly; then there are no rates.</summary>
    public bool Free { get; init; }

    /// <summary>On a contract card: factor on the list rates of units it does not name itself. Else one.</summary>
    public Rational ListFactor { get; init; } = Rational.One;

    public IReadOnlyList<UnitPrice> Rates { get; init; } = [];
    public IReadOnlyList<ContextThreshold> Thresholds { get; init; } = [];
    public IReadOnlyList<TierPrice> Tiers { get; init; } = [];
    public IReadOnlyList<RegionPrice> Regions { get; init; } = [];

    /// <summary>By where the provider computes, when that is chosen apart from the region.</summary>
    public IReadOnlyList<ConditionPrice> Geographies { get; init; } = [];

    /// <summary>By kind of endpoint: regional or global, dedicated, on demand.</summary>
    public IReadOnlyList<ConditionPrice> Endpoints { get; init; } = [];

    /// <summary>By what the request asked for, such as a fast mode; several may hold at once.</summary>
    public IReadOnlyList<ConditionPrice> RequestFlags { get; init; } = [];
    public IReadOnlyList<DailyWindow> Windows { get; init; } = [];

    /// <summary>IANA name of the zone in which <see cref="Windows"/> are told; empty = UTC.</summary>
    public string TimeZone { get; init; } = "";

    /// <summary>What units cost that the card does not price.</summary>
    public IReadOnlyList<UnitFallback> Fallbacks { get; init; } = [];

    /// <summary>On a contract card: whose calls it is for. Null = everyone's.</summary>
    public ContractScope? Scope { get; init; }

    /// <summary>Which of several cards that match is asked first, whatever their rules: the smaller. Most cards have 0.</summary>
    public int Order { get; init; }

    /// <summary>Public page or document the figures come from.</summary>
    public string Source { get; init; } = "";

    /// <summary>Day on which the figures were compared with a source, <c>yyyy-MM-dd</c>.</summary>
    public string Checked { get; init; } = "";

    /// <summary>How the figures came to be believed; decides no price.</summary>
    public RateEvidence Evidence { get; init; } = RateEvidence.None;

    /// <summary>File the card was read from; empty when it was built in code.</summary>
    public string File { get; init; } = "";

    /// <summary>Line of the card in <see cref="File"/>, from 1.</summary>
    public int Line { get; init; }
}

/// <summary>US dollars for one unit of a currency, from an instant on until the next rate of that currency.</summary>
public sealed record FxRate(string Currency, long FromNanos, Rational Usd, string File = "", int Line = 0)
{
    /// <summary>When this was learnt; a later rate of the same currency and instant corrects it.</summary>
    public long RecordedAtNanos { get; init; }
}

/// <summary>From <paramref name="RecordedAtNanos"/> on the card no longer stands, and nothing is in its place.</summary>
public sealed record CardWithdrawal(string Id, long RecordedAtNanos, string Reason = "", string File = "", int Line = 0);
