using System.Numerics;

namespace CostAttribution.Domain.Adjustments;

/// <summary>Splits an amount over groups so that the parts sum to it exactly.</summary>
internal static class ExactSplit
{
    /// <summary>
    /// Rounds the sum of the exact shares <paramref name="numerators"/> ÷ <paramref name="denominator"/> once, half to even, and
    /// gives each share its floor; what is left over goes, one each, to the largest remainders, ties to the earlier index.
    /// Shares may be negative. A share of exactly nothing stays nothing.
    /// </summary>
    public static (BigInteger Total, BigInteger[] Parts) Split(IReadOnlyList<BigInteger> numerators, BigInteger denominator)
    {
        var sum = BigInteger.Zero;
        foreach (var numerator in numerators) sum += numerator;
        var total = RoundHalfEven(sum, denominator);
        var parts = new BigInteger[numerators.Count];
        var remainders = new BigInteger[numerators.Count];
        var left = total;
        for (var i = 0; i < parts.Length; i++)
        {
            parts[i] = Floor(numerators[i], denominator, out remainders[i]);
            left -= parts[i];
        }
        // The floors lack less than one each, so this reaches no share without a remainder.
        foreach (var index in Enumerable.Range(0, parts.Length).OrderByDescending(i => remainders[i]).ThenBy(i => i)
            .Take((int)left)) parts[index] += 1;
        return (total, parts);
    }

    public static BigInteger RoundHalfEven(BigInteger numerator, BigInteger denominator)
    {
        var floor = Floor(numerator, denominator, out var rest);
        var comparison = (rest * 2).CompareTo(denominator);
        return comparison > 0 || (comparison == 0 && !floor.IsEven) ? floor + 1 : floor;
    }

    private static BigInteger Floor(BigInteger numerator, BigInteger denominator, out BigInteger rest)
    {
        var quotient = BigInteger.DivRem(numerator, denominator, out rest);
        if (rest.Sign >= 0) return quotient;
        rest += denominator;
        return quotient - 1;
    }
}
