using CostAttribution.Domain.Usage;

namespace CostAttribution.Domain.Pricing;

/// <summary>
/// Prices one usage vector. Pure: the same book, request and usage give the same cost on every replay. Each component is the
/// exact rational Σ rate × factors × exchange rate × quantity, rounded once, half to even, to one pico-dollar.
/// </summary>
public static class Pricer
{
    /// <summary>
    /// Fills every field of <paramref name="result"/>; never throws on data. <see cref="PriceStatus.NoUsage"/> and
    /// <see cref="PriceStatus.ProviderReported"/> are the caller's to set. Usage of zero with a card is priced, at 0.
    /// Does not allocate once the book has seen the request's selectors, unless a sum needs more than 128 bits.
    /// </summary>
    public static void Price(RateBook book, in PricingRequest request, in UsageVector usage, ref CostBreakdown result)
    {
        result = default;
        result.RateId = "";
        var plan = book.Find(in request, out var gap);
        if (plan is null)
        {
            result.Status = PriceStatus.UnpricedModel;
            result.Gap = gap;
            return;
        }
        result.RateId = plan.Card.Id;
        if (!PriceWithin(plan, in usage, ref result, out var total))
        {
            Reject(ref result);
            return;
        }
        if (!ReferenceEquals(plan.List, plan))
        {
            CostBreakdown list = default;
            if (!PriceWithin(plan.List, in usage, ref list, out total))
            {
                Reject(ref result);
                return;
            }
            result.UsedFallback |= list.UsedFallback;
            result.ListPriceMissing = list.Status == PriceStatus.UnpricedUnit;
        }
        else
        {
            result.ListPriceMissing = plan.LacksList;
        }
        result.ListCost = new Money(total);
        if (result.Status == PriceStatus.Priced && plan.Card.Free) result.Status = PriceStatus.Free;
    }

    /// <summary>
    /// What one unit costs within a usage: thresholds see all of it. Rounded by itself, so that it may differ by one pico-dollar
    /// from its part of a component. Null when it has no price there, or one that does not fit.
    /// </summary>
    public static Money? PriceUnit(RateBook book, in PricingRequest request, in UsageVector usage, string unit)
    {
        if (book.Find(in request, out _) is not { } plan) return null;
        WideSum own = default, others = default;
        var meter = new Meter<WideSum>(plan, plan.Bands.Length > 1 ? InputTotal(plan, in usage) : 0);
        ReadOnlySpan<(int Kind, long Quantity)> tokens =
        [
            (1, usage.CacheReadTokens), (3, usage.CacheWrite1hTokens), (2, usage.CacheWriteTokens), (0, usage.InputTokens),
            (4, usage.OutputTokens), (5, usage.ReasoningTokens),
        ];
        var isPriced = true;
        foreach (var (kind, quantity) in tokens)
        {
            var isOwn = RateUnits.TokenKindNames[kind] == unit;
            meter.MissingUnit = null;
            meter.Token(ref isOwn ? ref own : ref others, kind, quantity);
            isPriced &= !isOwn || meter.MissingUnit is null;
        }
        foreach (ref readonly var other in usage.OtherUnits.AsSpan())
        {
            var isOwn = other.Unit == unit;
            meter.MissingUnit = null;
            meter.Other(ref isOwn ? ref own : ref others, other.Unit, other.Quantity);
            isPriced &= !isOwn || meter.MissingUnit is null;
        }
        return isPriced && own.TryRound(plan, out var pico) ? new Money(pico) : null;
    }

    /// <summary>False when a component or their sum does not fit <c>Decimal(38, 12)</c>.</summary>
    private static bool PriceWithin(RatePlan plan, in UsageVector usage, ref CostBreakdown result, out Int128 total) =>
        TryPrice<NarrowSum>(plan, in usage, ref result, out total) || TryPrice<WideSum>(plan, in usage, ref result, out total);

    private static bool TryPrice<TSum>(RatePlan plan, in UsageVector usage, ref CostBreakdown result, out Int128 total)
        where TSum : struct, IExactSum
    {
        total = 0;
        var meter = new Meter<TSum>(plan, plan.Bands.Length > 1 ? InputTotal(plan, in usage) : 0);
        // The order is that of a prompt: what was cached comes first. Marginal thresholds depend on it.
        TSum input = default, cacheRead = default, cacheWrite = default, output = default, reasoning = default, other = default;
        meter.Token(ref cacheRead, 1, usage.CacheReadTokens);
        meter.Token(ref cacheWrite, 3, usage.CacheWrite1hTokens);
        meter.Token(ref cacheWrite, 2, usage.CacheWriteTokens);
        meter.Token(ref input, 0, usage.InputTokens);
        meter.Token(ref output, 4, usage.OutputTokens);
        meter.Token(ref reasoning, 5, usage.ReasoningTokens);
        foreach (ref readonly var unit in usage.OtherUnits.AsSpan()) meter.Other(ref other, unit.Unit, unit.Quantity);

        if (!input.TryRound(plan, out var inputPico) || !cacheRead.TryRound(plan, out var cacheReadPico)
            || !cacheWrite.TryRound(plan, out var cacheWritePico) || !output.TryRound(plan, out var outputPico)
            || !reasoning.TryRound(plan, out var reasoningPico) || !other.TryRound(plan, out var otherPico))
        {
            return false;
        }
        // Six values of at most 10^38 − 1: two fit into 128 bits, so each step is checked before the next.
        total = inputPico;
        if (!Fits(ref total, cacheReadPico) || !Fits(ref total, cacheWritePico) || !Fits(ref total, outputPico)
            || !Fits(ref total, reasoningPico) || !Fits(ref total, otherPico))
        {
            return false;
        }
        result.InputCost = new Money(inputPico);
        result.CacheReadCost = new Money(cacheReadPico);
        result.CacheWriteCost = new Money(cacheWritePico);
        result.OutputCost = new Money(outputPico);
        result.ReasoningCost = new Money(reasoningPico);
        result.OtherCost = new Money(otherPico);
        result.UsedFallback = meter.UsedFallback;
        if (meter.MissingUnit is not null)
        {
            result.Status = PriceStatus.UnpricedUnit;
            result.Gap = meter.Gap;
            result.UnpricedUnit = meter.MissingUnit;
        }
        else
        {
            result.Status = meter.IsFree ? PriceStatus.Free : PriceStatus.Priced;
        }
        return true;
    }

    private static bool Fits(ref Int128 total, Int128 part)
    {
        if (part > Money.PicoUsdMax - total) return false;
        total += part;
        return true;
    }

    /// <summary>Saturates: a hostile quantity selects the highest threshold, it does not throw.</summary>
    private static long InputTotal(RatePlan plan, in UsageVector usage)
    {
        Int128 total = (Int128)usage.InputTokens + usage.CacheReadTokens + usage.CacheWriteTokens + usage.CacheWrite1hTokens;
        foreach (ref readonly var unit in usage.OtherUnits.AsSpan())
        {
            if (plan.CountsAsInput(unit.Unit)) total += unit.Quantity;
        }
        return total > long.MaxValue ? long.MaxValue : (long)Int128.Max(total, 0);
    }

    private static void Reject(ref CostBreakdown result)
    {
        var rateId = result.RateId;
        result = default;
        result.RateId = rateId;
        result.Status = PriceStatus.UnpricedUnit;
        result.Gap = PriceGap.Overflow;
        result.Overflowed = true;
    }

    /// <summary>Walks through the units of one request, keeping its place in the context for marginal thresholds.</summary>
    private ref struct Meter<TSum>
        where TSum : struct, IExactSum
    {
        private readonly RatePlan plan;
        private readonly RateBand band;
        private readonly bool marginal;
        private long position;
        private bool anyUsed;
        private bool anyCharged;

        public Meter(RatePlan plan, long inputTotal)
        {
            this.plan = plan;
            marginal = plan.IsMarginal;
            band = marginal ? plan.Bands[0] : plan.BandFor(inputTotal);
        }

        public string? MissingUnit { get; set; }
        public PriceGap Gap { get; private set; }

        /// <summary>Something was priced at the rate of another unit for want of its own.</summary>
        public bool UsedFallback { get; private set; }

        /// <summary>Something was used and every unit of it has an explicit price of zero.</summary>
        public readonly bool IsFree => anyUsed && !anyCharged;

        public void Token(ref TSum sum, int kind, long quantity)
        {
            if (quantity == 0) return;
            if (marginal && kind < 4 && quantity > 0) Split(ref sum, kind, null, quantity);
            else Add(ref sum, in band.Tokens[kind], RateUnits.TokenKindNames[kind], quantity);
        }

        public void Other(ref TSum sum, string unit, long quantity)
        {
            if (quantity == 0) return;
            if (marginal && quantity > 0 && plan.CountsAsInput(unit)) Split(ref sum, -1, unit, quantity);
            else Add(ref sum, in band.Other(unit), unit, quantity);
        }

        private void Split(ref TSum sum, int kind, string? unit, long quantity)
        {
            for (var i = 0; i < plan.Bands.Length && quantity > 0; i++)
            {
                var end = i + 1 < plan.Bands.Length ? plan.Bands[i + 1].Above : long.MaxValue;
                if (position >= end && end != long.MaxValue) continue;
                var room = end == long.MaxValue ? quantity : end - position;
                var part = Math.Min(quantity, room);
                if (unit is null) Add(ref sum, in plan.Bands[i].Tokens[kind], RateUnits.TokenKindNames[kind], part);
                else Add(ref sum, in plan.Bands[i].Other(unit), unit, part);
                position = position > long.MaxValue - part ? long.MaxValue : position + part;
                quantity -= part;
            }
        }

        private void Add(ref TSum sum, in CompiledRate rate, string unit, long quantity)
        {
            if (!rate.Present || quantity < 0)
            {
                if (MissingUnit is not null) return;
                MissingUnit = unit;
                Gap = quantity < 0 ? PriceGap.NegativeQuantity : PriceGap.UnitNotOnCard;
                return;
            }
            anyUsed = true;
            UsedFallback |= rate.Guessed;
            anyCharged |= !rate.Narrow || rate.Numerator != 0;
            sum.Add(in rate, quantity);
        }
    }
}
