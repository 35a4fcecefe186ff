using CostAttribution.Domain.Pricing;

namespace CostAttribution.Domain.Adjustments;

/// <summary>The part of a settlement that a group bears. Never zero.</summary>
public sealed record AdjustmentLine(AdjustmentGroup Group, Money Amount);

/// <summary>A step of the arithmetic, for people.</summary>
/// <param name="What">Lower case, no full stop.</param>
/// <param name="Quantity">Units, hours, or empty.</param>
/// <param name="Each">What one costs, US dollars or a factor; empty where it does not apply.</param>
/// <param name="Amount">US dollars.</param>
public sealed record AdjustmentStep(string What, string Quantity, string Each, string Amount);

/// <summary>What one period of a term comes to.</summary>
/// <param name="Before">What the usage concerned cost.</param>
/// <param name="Settled">What it costs by the term.</param>
/// <param name="Lines">Ordered by group; they sum to <see cref="Adjustment"/> exactly.</param>
/// <param name="Unallocated">What of it no group bears, because nobody used anything.</param>
/// <param name="Steps">The arithmetic.</param>
public sealed record TermSettlement(Int128 Quantity, Money Before, Money Settled, IReadOnlyList<AdjustmentLine> Lines,
    Money Unallocated, IReadOnlyList<AdjustmentStep> Steps)
{
    /// <summary>Settled less before.</summary>
    public Money Adjustment => Settled - Before;
}
