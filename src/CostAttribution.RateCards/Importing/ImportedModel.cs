using CostAttribution.Domain.Pricing;

namespace CostAttribution.RateCards.Importing;

/// <summary>One price of a third party, before it is judged.</summary>
/// <param name="Unit">A name from <see cref="RateUnits"/>, or one the written file declares.</param>
/// <param name="Amount">US dollars for <paramref name="Per"/> units, exactly as the file says.</param>
/// <param name="Path">Where in the file, for messages.</param>
public sealed record ImportedPrice(string Unit, Rational Amount, long Per, string Path)
{
    /// <summary>Service tier the price is of; empty for the ordinary one.</summary>
    public string Tier { get; init; } = "";

    /// <summary>Input total beyond which it holds for the whole request; 0 = from the start.</summary>
    public long Above { get; init; }

    /// <summary>When the source says it begins and ends; open where it says nothing.</summary>
    public long FromNanos { get; init; } = long.MinValue;
    public long ToNanos { get; init; } = long.MaxValue;

    /// <summary>Hours of the week it is limited to; its factor has no meaning here.</summary>
    public DailyWindow? Window { get; init; }

    public Rational Each => Amount / Per;

    public bool HoldsAt(long nanos) => FromNanos <= nanos && nanos < ToNanos;

    /// <summary>Names the line in reports and finds the same line in another source.</summary>
    public string Line => LineOf(Unit, Tier, Above);

    public static string LineOf(string unit, string tier, long above) =>
        (tier.Length == 0 ? "" : $"{tier} ") + unit + (above == 0 ? "" : $" above {above}");
}

/// <summary>A factor that a source states: on a region's or on a tier's token prices.</summary>
public sealed record ImportedFactor(string Region, string Tier, Rational Factor, string Path);

/// <summary>All that one entry of a file says of one model at one seller.</summary>
public sealed record ImportedModel
{
    public required ImportSource Source { get; init; }

    /// <summary>Path of the entry in its file.</summary>
    public required string Key { get; init; }

    /// <summary>Who bills: canonical provider ids, the leading one first.</summary>
    public required IReadOnlyList<string> Providers { get; init; }
    public string Seller { get; init; } = "";

    /// <summary>Name in lower case, without provider, region and tier.</summary>
    public required string Model { get; init; }

    /// <summary>Region the entry is for; empty for the ordinary one.</summary>
    public string Region { get; init; } = "";
    public required IReadOnlyList<ModelRule> Match { get; init; }
    public IReadOnlyList<ModelRule> Except { get; init; } = [];
    public string Url { get; init; } = "";
    public required IReadOnlyList<ImportedPrice> Prices { get; init; }
    public IReadOnlyList<ImportedFactor> Factors { get; init; } = [];

    /// <summary>Lines that were in the file and cannot be used; what rests on them must not be written either.</summary>
    public IReadOnlyList<ImportedPrice> Lost { get; init; } = [];

    internal string Identity => $"{Providers[0]}\n{Seller}\n{Model}";

    /// <summary>Names that this entry alone is meant by, to find the same model elsewhere.</summary>
    internal IEnumerable<string> Names =>
        Match.Where(rule => rule.Kind == ModelRuleKind.Equals).Select(rule => rule.Pattern).Append(Model).Distinct();
}
