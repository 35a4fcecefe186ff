using System.Numerics;

namespace CostAttribution.Domain.Pricing;

/// <summary>Adds up quantity × rate exactly and rounds once. Two widths: one that never allocates, one that never
/// overflows.</summary>
internal interface IExactSum
{
    void Add(in CompiledRate rate, long quantity);

    /// <summary>
    /// The sum in pico-dollars, rounded half to even. False when it does not fit: for the narrow sum its own arithmetic, for the
    /// wide one <c>Decimal(38, 12)</c>.
    /// </summary>
    bool TryRound(RatePlan plan, out Int128 picoUsd);
}

/// <summary>64-bit quantity × 64-bit rate in 128 bits; says so when that is not enough.</summary>
internal struct NarrowSum : IExactSum
{
    private UInt128 total;
    private bool overflowed;

    public void Add(in CompiledRate rate, long quantity)
    {
        if (!rate.Narrow)
        {
            overflowed = true;
            return;
        }
        var high = Math.BigMul((ulong)quantity, rate.Numerator, out var low);
        var product = new UInt128(high, low);
        var sum = unchecked(total + product);
        overflowed |= sum < product;
        total = sum;
    }

    public readonly bool TryRound(RatePlan plan, out Int128 picoUsd)
    {
        picoUsd = 0;
        if (overflowed || plan.NarrowDenominator == 0) return false;
        if (total == UInt128.Zero) return true;
        var quotient = total;
        if (plan.NarrowDenominator != 1)
        {
            UInt128 denominator = plan.NarrowDenominator;
            quotient = total / denominator;
            var twice = (total - quotient * denominator) << 1;
            if (twice > denominator || (twice == denominator && (quotient & 1) == 1)) quotient += 1;
        }
        if (quotient > (UInt128)Money.PicoUsdMax) return false;
        picoUsd = (Int128)quotient;
        return true;
    }
}

/// <summary>The slow path for rates and sums beyond 128 bits.</summary>
internal struct WideSum : IExactSum
{
    private BigInteger total;

    public void Add(in CompiledRate rate, long quantity) => total += rate.Wide * quantity;

    public readonly bool TryRound(RatePlan plan, out Int128 picoUsd)
    {
        picoUsd = 0;
        var quotient = BigInteger.DivRem(total, plan.Denominator, out var rest);
        var comparison = (rest * 2).CompareTo(plan.Denominator);
        if (comparison > 0 || (comparison == 0 && !quotient.IsEven)) quotient += 1;
        if (quotient > (BigInteger)Money.PicoUsdMax) return false;
        picoUsd = (Int128)quotient;
        return true;
    }
}
