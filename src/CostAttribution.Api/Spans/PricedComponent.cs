using System.Globalization;
using System.Numerics;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.Api.Spans;

/// <summary>Quantity, cost and what one million units, or one unit, came to.</summary>
public sealed record PricedComponent
{
    private const long TokensPerPrice = 1_000_000;

    /// <summary>Empty for the span's own usage, else the rule that made the row.</summary>
    public required string CostItem { get; init; }

    /// <summary>input, cache_read, cache_write, output, reasoning or other.</summary>
    public required string Component { get; init; }

    /// <summary>Quantities by unit.</summary>
    public required IReadOnlyDictionary<string, long> Quantities { get; init; }

    /// <summary>Cost of the component, USD.</summary>
    public required Money Cost { get; init; }

    /// <summary>Units that unitPrice is for: 1000000 for tokens, 1 for others.</summary>
    public required long UnitPricePer { get; init; }

    /// <summary>
    /// Cost divided by quantity, USD, cut after twelve decimals; null when the component has no quantity or several units.
    /// Where cache writes of both times to live meet, it is their mean.
    /// </summary>
    public required Money? UnitPrice { get; init; }

    /// <summary>True when quantity times unitPrice gives cost without a rest.</summary>
    public required bool Exact { get; init; }

    /// <summary>The components of a row that have a quantity or a cost.</summary>
    internal static IEnumerable<PricedComponent> Of(LedgerRow row)
    {
        var usage = row.Usage;
        PricedComponent[] all =
        [
            Make(row, "input", row.Components.Input, ("input_tokens", usage.InputTokens)),
            Make(row, "cache_read", row.Components.CacheRead, ("cache_read_tokens", usage.CacheReadTokens)),
            Make(row, "cache_write", row.Components.CacheWrite, ("cache_write_tokens", usage.CacheWriteTokens),
                ("cache_write_1h_tokens", usage.CacheWrite1hTokens)),
            Make(row, "output", row.Components.Output, ("output_tokens", usage.OutputTokens)),
            Make(row, "reasoning", row.Components.Reasoning, ("reasoning_tokens", usage.ReasoningTokens)),
            Make(row, "other", row.Components.Other, [.. usage.OtherUnits.Select(unit => (unit.Key, unit.Value))]),
        ];
        return all.Where(component => component.Quantities.Count > 0 || !component.Cost.IsZero);
    }

    private static PricedComponent Make(LedgerRow row, string component, Money cost,
        params (string Unit, long Quantity)[] quantities)
    {
        var used = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var (unit, quantity) in quantities)
        {
            if (quantity != 0) used[unit] = quantity;
        }
        var tokens = used.Keys.All(unit => unit.EndsWith("_tokens", StringComparison.Ordinal));
        var per = tokens ? TokensPerPrice : 1;
        var known = row.PriceStatus is "priced" or "free" or "unpriced_unit";
        var divisible = known && (used.Count == 1 || (used.Count > 1 && component == "cache_write"));
        var (price, exact) = divisible ? Divide(cost, used.Values, per) : (null, false);
        return new PricedComponent
        {
            CostItem = row.CostItem,
            Component = component,
            Quantities = used,
            Cost = cost,
            UnitPricePer = per,
            UnitPrice = price,
            Exact = exact,
        };
    }

    private static (Money? Price, bool Exact) Divide(Money cost, IEnumerable<long> quantities, long per)
    {
        var quantity = quantities.Aggregate(BigInteger.Zero, (sum, part) => sum + part);
        if (quantity.IsZero) return (null, false);
        var pico = BigInteger.Parse(cost.PicoUsd.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) * per;
        var price = BigInteger.DivRem(pico, quantity, out var rest);
        var fits =
            BigInteger.Abs(price) <= BigInteger.Parse(Money.PicoUsdMax.ToString(CultureInfo.InvariantCulture),
            CultureInfo.InvariantCulture);
        return fits ? (new Money((Int128)price), rest.IsZero) : (null, false);
    }
}
