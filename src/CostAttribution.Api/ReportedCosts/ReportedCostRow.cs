using CostAttribution.Api.Reading;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.Api.ReportedCosts;

/// <summary>What providers reported beside what we computed; net of corrections, rows without a reported cost left out.</summary>
public record ReportedCostFigures
{
    /// <summary>Calls with a reported cost.</summary>
    public long Calls { get; init; }

    /// <summary>Those of them that we have a whole price for: only they are compared.</summary>
    public long ComparedCalls { get; init; }

    /// <summary>Our cost of the compared calls, USD; at list where the reported one was taken.</summary>
    public Money OurCost { get; init; }

    /// <summary>Their cost of the compared calls, USD.</summary>
    public Money TheirCost { get; init; }

    /// <summary>Theirs less ours, USD; negative where they report less.</summary>
    public Money DeviationCost { get; init; }

    /// <summary>The deviation in percent of ours, two decimals, rounded toward zero; null when ours is 0.</summary>
    public string? DeviationPercent { get; init; }

    /// <summary>Calls flagged because the two differ by more than the rate book calls normal.</summary>
    public long DeviatingCalls { get; init; }

    /// <summary>Calls that cost what was reported, by the rate book's word or because there was nothing to price.</summary>
    public long TakenCalls { get; init; }

    /// <summary>What those cost, USD.</summary>
    public Money TakenCost { get; init; }

    /// <summary>Calls with a reported cost and no whole price of ours.</summary>
    public long UncomparedCalls { get; init; }

    /// <summary>What was reported for those, USD.</summary>
    public Money UncomparedCost { get; init; }

    internal static ReportedCostFigures Read(StoreRow row)
    {
        var (ours, theirs) = (row.Money("ours"), row.Money("theirs"));
        return new ReportedCostFigures
        {
            Calls = row.Count("all_calls"), ComparedCalls = row.Count("compared_calls"), OurCost = ours, TheirCost = theirs,
            DeviationCost = theirs - ours, DeviationPercent = PercentOf(theirs - ours, ours),
            DeviatingCalls = row.Count("deviating_calls"), TakenCalls = row.Count("taken_calls"),
            TakenCost = row.Money("taken"), UncomparedCalls = row.Count("all_calls") - row.Count("compared_calls"),
            UncomparedCost = row.Money("uncompared"),
        };
    }

    private static string? PercentOf(Money part, Money whole)
    {
        if (whole.IsZero) return null;
        var hundredths = (System.Numerics.BigInteger)part.PicoUsd * 10_000 / whole.PicoUsd;
        var digits = System.Numerics.BigInteger.Abs(hundredths).ToString(System.Globalization.CultureInfo.InvariantCulture)
            .PadLeft(3, '0');
        return (hundredths < 0 ? "-" : "") + digits[..^2] + "." + digits[^2..];
    }
}

/// <summary>One group of calls.</summary>
/// <param name="Group">A value for every name of groupBy, in its order.</param>
/// <param name="Figures">What was reported and what we computed.</param>
public sealed record ReportedCostRow(IReadOnlyDictionary<string, string> Group, ReportedCostFigures Figures);
