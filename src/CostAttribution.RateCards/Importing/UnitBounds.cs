using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;

namespace CostAttribution.RateCards.Importing;

/// <summary>
/// Between which prices one unit of a kind can lie at all. A token has never cost more than 600 US dollars a million, one of
/// input 150, nor, where it costs anything, less than 0.001; a price per million read as one per token is far outside.
/// </summary>
internal static class UnitBounds
{
    private static readonly (Rational Least, Rational Most, string Text) Token =
        Between(10_000_000_000, 1_000, "0.0001 and 1000 per 1M"),
        InputToken = Between(10_000_000_000, 5_000, "0.0001 and 200 per 1M"),
        Character = Between(1_000_000_000, 100, "0.001 and 10000 per 1M"),
        Pixel = Between(1_000_000_000_000, 100_000, "0.000001 and 10 per 1M"),
        Second = Between(10_000_000, 1, "0.0000001 and 10", 10),
        Call = Between(10_000_000, 1, "0.0000001 and 10", 10),
        Picture = Between(1_000_000, 1, "0.000001 and 10", 10),
        Storage = Between(1_000_000_000_000_000, 1_000_000_000, "0.000024 and 24 per GB and day");

    /// <summary>Null when the price of one unit is possible; else the bounds it passes.</summary>
    public static string? Passed(string unit, Rational each)
    {
        var (least, most, text) = Of(unit);
        return ExactNumber.Compare(each, least) < 0 || ExactNumber.Compare(each, most) > 0 ? text : null;
    }

    /// <summary>Whether a price of input or output tokens is one that few models have: over 50 or 200 a million, or under
    /// 0.004.</summary>
    public static bool IsUnusual(string unit, Rational each)
    {
        const long million = 1_000_000;
        var most = new Rational(unit == UsageUnits.InputTokens ? 50 : 200, million);
        return ExactNumber.Compare(each, most) > 0 || ExactNumber.Compare(each, new(4, 1_000 * million)) < 0;
    }

    private static (Rational Least, Rational Most, string Text) Of(string unit)
    {
        if (unit == UsageUnits.InputTokens) return InputToken;
        if (ImportUnits.IsToken(unit)) return Token;
        if (unit.EndsWith("_byte_hours", StringComparison.Ordinal)) return Storage;
        if (unit.EndsWith("characters", StringComparison.Ordinal)) return Character;
        if (unit.EndsWith("pixels", StringComparison.Ordinal)) return Pixel;
        if (unit.Contains("seconds", StringComparison.Ordinal)) return Second;
        return unit.Contains("images", StringComparison.Ordinal) || unit is UsageUnits.Pages ? Picture : Call;
    }

    /// <summary>From one over <paramref name="leastOver"/> to <paramref name="most"/> over <paramref name="mostOver"/>.</summary>
    private static (Rational, Rational, string) Between(long leastOver, long mostOver, string text, long most = 1) =>
        (new(1, leastOver), new(most, mostOver), text);
}
