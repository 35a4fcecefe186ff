using System.Numerics;

namespace CostAttribution.Domain.Pricing;

/// <summary>
/// A rate compiled to pico-dollars per unit over the denominator its <see cref="RatePlan"/> shares, so that rates add exactly.
/// </summary>
/// <param name="Present">False when the card has no price for the unit, which is not a price of zero.</param>
/// <param name="Guessed">The card does not price the unit; another unit's rate was taken.</param>
/// <param name="Narrow">Whether <paramref name="Numerator"/> holds the value; else only <paramref name="Wide"/> does.</param>
internal readonly record struct CompiledRate(bool Present, bool Narrow, bool Guessed, ulong Numerator, BigInteger Wide);

/// <summary>The rates of one context band: the six token kinds in table order, then other units.</summary>
internal sealed class RateBand
{
    /// <summary>The band holds for input totals greater than this.</summary>
    public required long Above { get; init; }
    public required ThresholdMode Mode { get; init; }
    public required CompiledRate[] Tokens { get; init; }
    public required string[] OtherNames { get; init; }
    public required CompiledRate[] Others { get; init; }

    /// <summary>On a free card also units nobody thought of cost nothing.</summary>
    public bool EveryUnitFree { get; init; }

    private static readonly CompiledRate Absent;
    private static readonly CompiledRate Zero = new(Present: true, Narrow: true, Guessed: false, 0, 0);

    public ref readonly CompiledRate Other(string unit)
    {
        if (EveryUnitFree) return ref Zero;
        for (var i = 0; i < OtherNames.Length; i++)
        {
            if (OtherNames[i] == unit) return ref Others[i];
        }
        return ref Absent;
    }
}

/// <summary>Everything a span's price depends on, folded into rates: card, contract, tier, region, hour and exchange
/// rate.</summary>
internal sealed class RatePlan
{
    public required RateCard Card { get; init; }

    /// <summary>Divides every numerator of the plan; at least 1.</summary>
    public required BigInteger Denominator { get; init; }

    /// <summary><see cref="Denominator"/> when it fits, else 0: then the narrow path is not open.</summary>
    public required ulong NarrowDenominator { get; init; }

    /// <summary>By ascending <see cref="RateBand.Above"/>; the first holds from the start.</summary>
    public required RateBand[] Bands { get; init; }
    public bool IsMarginal => Bands.Length > 1 && Bands[1].Mode == ThresholdMode.Marginal;

    /// <summary>Units of the book's own that count towards the input total.</summary>
    public required string[] OwnInputs { get; init; }

    /// <summary>A contract plan for which the book has no list card.</summary>
    public bool LacksList { get; init; }

    /// <summary>The same usage at list price; this plan itself when no contract applies.</summary>
    public RatePlan List { get; private init; }

    public RatePlan() => List = this;

    /// <summary>This contract plan with the list plan that it lies over.</summary>
    public RatePlan Over(RatePlan list) => new()
    {
        Card = Card, Denominator = Denominator, NarrowDenominator = NarrowDenominator, Bands = Bands,
        OwnInputs = OwnInputs, List = list,
    };

    /// <summary>This contract plan, marked as having no list card below it.</summary>
    public RatePlan WithoutList() => new()
    {
        Card = Card, Denominator = Denominator, NarrowDenominator = NarrowDenominator, Bands = Bands,
        OwnInputs = OwnInputs, LacksList = true,
    };

    /// <summary>Whether a unit without a column of its own counts towards the input total.</summary>
    public bool CountsAsInput(string unit) =>
        RateUnits.IsOtherInput(unit) || (OwnInputs.Length > 0 && Array.IndexOf(OwnInputs, unit) >= 0);

    /// <summary>The band of a request, for plans that price the whole request at one band.</summary>
    public RateBand BandFor(long inputTotal)
    {
        var band = Bands.Length - 1;
        while (band > 0 && inputTotal <= Bands[band].Above) band--;
        return Bands[band];
    }
}
