using System.Globalization;
using System.Numerics;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.Domain.Adjustments;

/// <summary>
/// Settles one period of a term: what its usage is to cost, less what it cost, split over the groups that used it. Pure and
/// exact: every share is a fraction of whole pico-dollars, the sum is rounded once, half to even, and the parts sum to it by
/// largest remainder (<see cref="ExactSplit"/>). The order of sums does not matter.
/// </summary>
public static class TermSettler
{
    private const long NanosPerSecond = 1_000_000_000;
    private const long NanosPerHour = 3600 * NanosPerSecond;
    private const int StepDigits = 12;

    private static readonly BigInteger PicoPerUsd = BigInteger.Pow(10, Money.Scale);

    /// <param name="term">The term.</param>
    /// <param name="span">Its period.</param>
    /// <param name="sums">What the ledger says of the period; several sums of one group are added.</param>
    /// <param name="usd">US dollars for one unit of the term's currency.</param>
    /// <param name="nowNanos">Capacity is owed for the whole hours that have passed by then.</param>
    /// <exception cref="OverflowException">An amount does not fit <c>Decimal(38, 12)</c>.</exception>
    public static TermSettlement Settle(PeriodTerm term, TermSpan span, IEnumerable<GroupSum> sums, Rational usd,
        long nowNanos = long.MaxValue)
    {
        var groups = sums.GroupBy(sum => sum.Group).Select(same => same.Aggregate((one, other) => one.Plus(other)))
            .OrderBy(sum => sum.Group, AdjustmentGroup.Order).ToArray();
        return term.Kind switch
        {
            PeriodTermKind.VolumeTiers => Volume(term, groups, usd),
            PeriodTermKind.Allowance => Allowance(term, groups),
            PeriodTermKind.Capacity => Capacity(term, span, groups, usd, nowNanos),
            _ => Owed(term, span, groups, usd),
        };
    }

    // Every group's quantity lies in the tiers in the same proportion as all of it. With f the part at the card's price or at a
    // factor on it, times the factor, and p what the rest costs per unit of all, a share is cost × (f − 1) + quantity × p.
    private static TermSettlement Volume(PeriodTerm term, GroupSum[] groups, Rational usd)
    {
        var (quantity, cost) = Totals(groups);
        if (quantity <= 0) return Nothing(quantity, cost);
        var (factor, price) = (default(Rational), default(Rational));
        var steps = new List<AdjustmentStep>();
        foreach (var (from, to, tier) in Parts(term, quantity))
        {
            var part = new Rational(to - from, quantity);
            var what = term.WholePeriod ? "the whole period" : to == quantity ? $"beyond {from}" : $"{from} to {to}";
            if (tier?.Price is { } own)
            {
                var each = own.Each * usd * new Rational(PicoPerUsd, 1);
                price = Sum(price, part * each);
                steps.Add(new AdjustmentStep($"{what} at the tier's price", Text(to - from), UsdText(each),
                    UsdText(each * new Rational(to - from, 1))));
            }
            else
            {
                var share = tier?.Factor ?? Rational.One;
                factor = Sum(factor, part * share);
                steps.Add(new AdjustmentStep(tier is null ? $"{what} as priced" : $"{what} at a factor on what was priced",
                    Text(to - from), tier is null ? "" : Decimals(share, 1),
                    cost < 0 ? "" : UsdText(part * share * new Rational(cost, 1))));
            }
        }
        return ByShares(groups, quantity, cost, factor, price, steps);
    }

    private static TermSettlement Allowance(PeriodTerm term, GroupSum[] groups)
    {
        var (quantity, cost) = Totals(groups);
        if (quantity <= 0) return Nothing(quantity, cost);
        var free = BigInteger.Min(quantity, term.Quantity);
        var left = new Rational(quantity - free, quantity);
        AdjustmentStep[] steps =
        [
            new($"free of {Text(term.Quantity)}, at the average price paid", Text(free),
                cost < 0 ? "" : UsdText(new Rational(cost, quantity)), Money.Zero.ToString()),
            new("as priced", Text(quantity - free), cost < 0 ? "" : UsdText(new Rational(cost, quantity)),
                cost < 0 ? "" : UsdText(left * new Rational(cost, 1))),
        ];
        return ByShares(groups, quantity, cost, left, default, steps);
    }

    private static TermSettlement ByShares(GroupSum[] groups, BigInteger quantity, BigInteger cost, Rational factor,
        Rational price, IReadOnlyList<AdjustmentStep> steps)
    {
        var denominator = factor.Denominator * price.Denominator;
        var byCost = (factor.Numerator - factor.Denominator) * price.Denominator;
        var byQuantity = price.Numerator * factor.Denominator;
        var (total, parts) = ExactSplit.Split(
            [.. groups.Select(sum => (BigInteger)sum.UnitCost * byCost + (BigInteger)sum.Quantity * byQuantity)], denominator);
        return new TermSettlement((Int128)quantity, Usd(cost), Usd(cost + total), Lines(groups, parts), Money.Zero, steps);
    }

    private static TermSettlement Owed(PeriodTerm term, TermSpan span, GroupSum[] groups, Rational usd)
    {
        var cost = BigInteger.Zero;
        foreach (var sum in groups) cost += (BigInteger)sum.Cost;
        var share = new Rational(span.ToNanos - span.FromNanos, span.FullToNanos - span.FromNanos);
        var exact = term.Amount * usd * share * new Rational(PicoPerUsd, 1);
        var owed = ExactSplit.RoundHalfEven(exact.Numerator, exact.Denominator);
        var shortfall = BigInteger.Max(0, owed - cost);
        List<AdjustmentStep> steps = [new("owed for the period", "", Decimals(share, 1), Usd(owed).ToString()),
            new("cost of the period, other adjustments included", "", "", Usd(cost).ToString()),
            new("shortfall", "", "", Usd(shortfall).ToString())];
        var (lines, unallocated) = Spread(term, span, groups, shortfall, [sum => sum.Cost, sum => sum.ListCost, sum => sum.Tokens,
            sum => sum.Calls]);
        return new TermSettlement(0, Usd(cost), Usd(cost + shortfall), lines, unallocated, steps);
    }

    private static TermSettlement Capacity(PeriodTerm term, TermSpan span, GroupSum[] groups, Rational usd, long nowNanos)
    {
        // What has ended is owed to the nanosecond, what goes on by the whole hours that have passed.
        var passed = nowNanos >= span.ToNanos ? span.ToNanos - span.FromNanos
            : Math.Max(0, (nowNanos - span.FromNanos) / NanosPerHour * NanosPerHour);
        var hours = new Rational(passed, NanosPerHour);
        var each = term.Amount * usd * new Rational(PicoPerUsd, 1);
        var exact = each * hours * new Rational(term.Quantity, 1);
        var owed = ExactSplit.RoundHalfEven(exact.Numerator, exact.Denominator);
        AdjustmentStep[] steps = [new($"{Text(term.Quantity)} units of capacity for {Decimals(hours, 1)} hours",
            Decimals(hours, 1), UsdText(each), Usd(owed).ToString())];
        var (lines, unallocated) = Spread(term, span, groups, owed, [sum => sum.ListCost, sum => sum.Tokens, sum => sum.Calls]);
        return new TermSettlement(term.Quantity, Money.Zero, Usd(owed), lines, unallocated, steps);
    }

    // By the first of the weights that anyone has; what nobody used is nobody's, and still owed.
    private static (IReadOnlyList<AdjustmentLine> Lines, Money Unallocated) Spread(PeriodTerm term, TermSpan span,
        GroupSum[] groups, BigInteger amount, ReadOnlySpan<Func<GroupSum, Int128>> weights)
    {
        if (amount.IsZero) return ([], Money.Zero);
        foreach (var weight in weights)
        {
            BigInteger[] each = [.. groups.Select(sum => BigInteger.Max(0, (BigInteger)weight(sum)))];
            var all = each.Aggregate(BigInteger.Zero, (sum, one) => sum + one);
            if (all.IsZero) continue;
            var (_, parts) = ExactSplit.Split([.. each.Select(one => one * amount)], all);
            return (Lines(groups, parts), Money.Zero);
        }
        var nobody = AdjustmentGroup.Unallocated(SlotOf(term, span), term.Providers[0], term.Seller);
        return ([new AdjustmentLine(nobody, Usd(amount))], Usd(amount));
    }

    /// <summary>
    /// Event time of what is not told apart by day: the last hour of the period, or its begin when it is shorter.
    /// </summary>
    public static long SlotOf(PeriodTerm term, TermSpan span) => TermPeriods.IsOwedAtTheEnd(term.Kind)
        ? Math.Max(span.FromNanos, span.ToNanos - NanosPerHour) / 1000 : span.FromNanos / 1000;

    // The quantity cut at the tiers' bounds; below the first, the card's price holds.
    private static IEnumerable<(BigInteger From, BigInteger To, VolumeTier? Tier)> Parts(PeriodTerm term, BigInteger quantity)
    {
        var reached = term.Tiers.Where(tier => tier.Above < quantity).ToArray();
        if (term.WholePeriod)
        {
            yield return (0, quantity, reached.LastOrDefault());
            yield break;
        }
        if (reached.Length == 0 || reached[0].Above > 0)
            yield return (0, reached.Length == 0 ? quantity : reached[0].Above, null);
        for (var i = 0; i < reached.Length; i++)
            yield return (reached[i].Above, i + 1 < reached.Length ? reached[i + 1].Above : quantity, reached[i]);
    }

    private static (BigInteger Quantity, BigInteger Cost) Totals(GroupSum[] groups)
    {
        var (quantity, cost) = (BigInteger.Zero, BigInteger.Zero);
        foreach (var sum in groups) (quantity, cost) = (quantity + (BigInteger)sum.Quantity, cost + (BigInteger)sum.UnitCost);
        return (quantity, cost);
    }

    private static TermSettlement Nothing(BigInteger quantity, BigInteger cost) =>
        new((Int128)quantity, Usd(cost), Usd(cost), [], Money.Zero, []);

    private static AdjustmentLine[] Lines(GroupSum[] groups, BigInteger[] parts) =>
        [.. groups.Zip(parts).Where(part => !part.Second.IsZero)
            .Select(part => new AdjustmentLine(part.First.Group, Usd(part.Second)))];

    private static Rational Sum(Rational one, Rational other) =>
        new(one.Numerator * other.Denominator + other.Numerator * one.Denominator, one.Denominator * other.Denominator);

    private static Money Usd(BigInteger pico) => BigInteger.Abs(pico) <= (BigInteger)Money.PicoUsdMax ? new Money((Int128)pico)
        : throw new OverflowException("an adjustment does not fit into 38 digits");

    private static string Text(BigInteger number) => number.ToString(CultureInfo.InvariantCulture);

    private static string UsdText(Rational pico) => Decimals(pico, PicoPerUsd);

    /// <summary>To twelve digits, rounded: for people, never for arithmetic.</summary>
    private static string Decimals(Rational value, BigInteger per)
    {
        var scaled = ExactSplit.RoundHalfEven(value.Numerator * BigInteger.Pow(10, StepDigits), value.Denominator * per);
        var digits = scaled.ToString(CultureInfo.InvariantCulture).PadLeft(StepDigits + 1, '0');
        var text = $"{digits[..^StepDigits]}.{digits[^StepDigits..]}";
        return text.TrimEnd('0').TrimEnd('.');
    }
}
