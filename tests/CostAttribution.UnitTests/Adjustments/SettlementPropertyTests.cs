using System.Numerics;
using CostAttribution.Domain.Adjustments;
using CostAttribution.Domain.Pricing;
using FsCheck;
using FsCheck.Fluent;
using static CostAttribution.UnitTests.Adjustments.SettlementKit;

namespace CostAttribution.UnitTests.Adjustments;

/// <summary>Settlements against a reference that prices every single unit, and what must hold of any of them.</summary>
public class SettlementPropertyTests
{
    private static readonly string[] Kinds = ["graduated", "whole", "allowance", "minimum", "capacity"];

    [Fact]
    public void Every_settlement_is_that_of_pricing_unit_by_unit_and_its_lines_sum_to_it() => ForSeeds(1_500, random =>
    {
        var (term, sums) = Draw(random);
        var settled = TermSettler.Settle(term, Month(term), sums, Rational.One);
        var (total, parts) = Reference(term, sums);

        Assert.Equal(total, (BigInteger)settled.Adjustment.PicoUsd);
        Assert.Equal(total, settled.Lines.Aggregate(BigInteger.Zero, (sum, line) => sum + (BigInteger)line.Amount.PicoUsd));
        Assert.Equal(parts.Where(part => part.Value != 0).OrderBy(part => part.Key, StringComparer.Ordinal).Select(part => $"{part.Key} {part.Value}"),
            settled.Lines.Select(line => $"{line.Group.Customer} {line.Amount.PicoUsd}"));
    });

    [Fact]
    public void The_order_of_sums_and_how_they_are_cut_do_not_matter() => ForSeeds(500, random =>
    {
        var (term, sums) = Draw(random);
        GroupSum[] cut =
        [
            .. sums.SelectMany(sum => random.Next(2) == 0 ? [sum] : (GroupSum[])
            [
                sum with { Quantity = sum.Quantity - 1, UnitCost = sum.UnitCost - 3, Cost = sum.Cost - 3, ListCost = 0, Tokens = 0 },
                sum with { Quantity = 1, UnitCost = 3, Cost = 3, Calls = 0 },
            ]),
        ];
        random.Shuffle(cut);

        var (one, other) = (TermSettler.Settle(term, Month(term), sums, Rational.One), TermSettler.Settle(term, Month(term), cut, Rational.One));

        Assert.Equal((one.Settled, one.Adjustment, one.Unallocated), (other.Settled, other.Adjustment, other.Unallocated));
        Assert.Equal(one.Lines, other.Lines);
    });

    private static (PeriodTerm Term, GroupSum[] Sums) Draw(Random random)
    {
        var kind = Kinds[random.Next(Kinds.Length)];
        string Tier(int above) => random.Next(2) == 0 ? $"{{ above: {above}, factor: \"{random.Next(3)}.{random.Next(100)}\" }}"
            : $"{{ above: {above}, price: {random.Next(4)}.{random.Next(1000)} per {1 + random.Next(9)} }}";
        var first = random.Next(30);
        var term = kind switch
        {
            "allowance" => $"kind: allowance, unit: pages, quantity: {1 + random.Next(80)}",
            "minimum" => $"kind: minimum_charge, amount: \"0.0000{1 + random.Next(99)}\"",
            "capacity" => $"kind: capacity, quantity: {1 + random.Next(9)}, amount: \"0.{1 + random.Next(999_999)}\", from: 2026-01-01",
            _ => $"kind: volume_tiers, unit: pages, mode: {kind}, tiers: [{Tier(first)}, {Tier(first + 1 + random.Next(20))}]",
        };
        var sums = Enumerable.Range(0, random.Next(8)).Select(customer =>
            Used($"c{customer}", random.Next(25), random.Next(3) == 0 ? 0 : random.NextInt64(100_000_000))).ToArray();
        return (Term(term), sums);
    }

    // Unit by unit, in fractions of Q (or of the sum of weights) × 10^30.
    private static (BigInteger Total, Dictionary<string, BigInteger> Parts) Reference(PeriodTerm term, GroupSum[] sums)
    {
        BigInteger quantity = 0, cost = 0, weights = 0;
        foreach (var sum in sums) (quantity, cost, weights) = (quantity + sum.Quantity, cost + sum.UnitCost, weights + Weight(sum));
        Dictionary<string, (BigInteger Numerator, BigInteger Denominator)> shares = [];
        if (term.Kind is PeriodTermKind.MinimumCharge or PeriodTermKind.Capacity)
        {
            var exact = term.Kind == PeriodTermKind.Capacity ? term.Amount * new Rational(24 * term.Quantity, 1) : term.Amount;
            var owed = Round(exact.Numerator * 1_000_000_000_000, exact.Denominator) - (term.Kind == PeriodTermKind.Capacity ? 0 : cost);
            if (owed <= 0) return (0, []);
            if (weights == 0) return (owed, new() { [""] = owed });
            foreach (var sum in sums) shares[sum.Group.Customer] = (owed * Weight(sum), weights);
        }
        else
        {
            if (quantity == 0) return (0, []);
            foreach (var sum in sums)
            {
                // Each unit of the period costs the average of its group; a group has its part of every unit.
                var share = Fraction(0, 1);
                for (var unit = 1; unit <= quantity; unit++)
                {
                    var (factor, price) = PriceOf(term, term.WholePeriod ? quantity : unit);
                    var byCost = Fraction((BigInteger)sum.UnitCost * (factor.Numerator - factor.Denominator), factor.Denominator * quantity);
                    var byUnit = Fraction((BigInteger)sum.Quantity * price.Numerator * 1_000_000_000_000, price.Denominator * quantity);
                    share = Plus(Plus(share, byCost), byUnit);
                }
                shares[sum.Group.Customer] = share;
            }
        }
        return Handed(shares);

        BigInteger Weight(GroupSum sum) => sums.Any(any => any.ListCost > 0) ? sum.ListCost : sums.Any(any => any.Tokens > 0) ? sum.Tokens : sum.Calls;
    }

    private static (Rational Factor, Rational Price) PriceOf(PeriodTerm term, BigInteger unit)
    {
        if (term.Kind == PeriodTermKind.Allowance) return (unit <= term.Quantity ? default : Rational.One, default);
        var tier = term.Tiers.LastOrDefault(tier => tier.Above < unit);
        return tier is null ? (Rational.One, default) : tier.Price is { } price ? (default, price.Each) : (tier.Factor, default);
    }

    // One at a time to whoever lacks most.
    private static (BigInteger, Dictionary<string, BigInteger>) Handed(Dictionary<string, (BigInteger Numerator, BigInteger Denominator)> shares)
    {
        var exact = shares.Values.Aggregate(Fraction(0, 1), Plus);
        var total = Round(exact.Numerator, exact.Denominator);
        var parts = shares.ToDictionary(share => share.Key, share => share.Value.Numerator >= 0 ? share.Value.Numerator / share.Value.Denominator
            : -((-share.Value.Numerator + share.Value.Denominator - 1) / share.Value.Denominator));
        while (parts.Values.Aggregate(BigInteger.Zero, (sum, part) => sum + part) < total)
        {
            var next = shares.Keys.Order(StringComparer.Ordinal).Aggregate((one, other) => Lacks(other, one) ? other : one);
            parts[next]++;
        }
        return (total, parts);

        bool Lacks(string one, string other)
        {
            var (left, right) = (Plus(shares[one], Fraction(-parts[one], 1)), Plus(shares[other], Fraction(-parts[other], 1)));
            return left.Numerator * right.Denominator > right.Numerator * left.Denominator;
        }
    }

    private static BigInteger Round(BigInteger numerator, BigInteger denominator)
    {
        var twice = numerator * 2 + denominator;
        var floor = twice >= 0 ? twice / (denominator * 2) : -((-twice + denominator * 2 - 1) / (denominator * 2));
        return twice == floor * denominator * 2 && !floor.IsEven ? floor - 1 : floor;
    }

    private static (BigInteger Numerator, BigInteger Denominator) Fraction(BigInteger numerator, BigInteger denominator)
    {
        var common = BigInteger.GreatestCommonDivisor(numerator, denominator);
        return common.IsZero ? (0, 1) : (numerator / common, denominator / common);
    }

    private static (BigInteger Numerator, BigInteger Denominator) Plus((BigInteger Numerator, BigInteger Denominator) one,
        (BigInteger Numerator, BigInteger Denominator) other) =>
        Fraction(one.Numerator * other.Denominator + other.Numerator * one.Denominator, one.Denominator * other.Denominator);

    private static void ForSeeds(int count, Action<Random> property) => Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed =>
    {
        property(new Random(seed));
        return true;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(count));
}
