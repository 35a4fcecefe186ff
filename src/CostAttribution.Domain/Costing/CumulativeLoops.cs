using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Domain.Costing;

/// <summary>
/// Turns running totals of a tool loop into the calls' own usage (docs/dialects.md §10.6 step 6), only for services the
/// operator named, and only where the numbers look so: every call but the last asked for tools, and no step is smaller than
/// the one before.
/// </summary>
internal sealed class CumulativeLoops
{
    private readonly Dictionary<SpanId, List<Call>> byParent = [];

    public void Apply(CallElection election, SpanFacts[] facts, IReadOnlySet<string> services)
    {
        byParent.Clear();
        foreach (var call in election.Calls)
        {
            var owner = facts[call.Owner];
            if (!call.HasUsage || !owner.Dialect.CumulativeLoops
                || !services.Contains(owner.Resource.Service)) continue;
            var parent = facts[call.Top].ParentSpanId;
            if (!byParent.TryGetValue(parent, out var siblings)) byParent[parent] = siblings = [];
            siblings.Add(call);
        }
        foreach (var siblings in byParent.Values) Apply(siblings, facts);
    }

    private static void Apply(List<Call> siblings, SpanFacts[] facts)
    {
        if (siblings.Count < 2 || !IsRunningTotal(siblings, facts)) return;
        for (var i = siblings.Count - 1; i > 0; i--)
        {
            siblings[i].Adjusted = true;
            siblings[i].Adjustment = Difference(facts[siblings[i].Owner].Usage.Vector, facts[siblings[i - 1].Owner].Usage.Vector);
        }
    }

    private static bool IsRunningTotal(List<Call> siblings, SpanFacts[] facts)
    {
        long before = 0, step = 0;
        for (var i = 0; i < siblings.Count; i++)
        {
            var owner = facts[siblings[i].Owner];
            if (i < siblings.Count - 1 && !owner.FinishReason.Contains("tool", StringComparison.OrdinalIgnoreCase)) return false;
            var growth = owner.Usage.InputTotal - before;
            if (growth < step) return false;
            (before, step) = (owner.Usage.InputTotal, growth);
            if (i > 0 && !IsGrowth(owner.Usage.Vector, facts[siblings[i - 1].Owner].Usage.Vector)) return false;
        }
        return true;
    }

    private static bool IsGrowth(in UsageVector now, in UsageVector before) =>
        now.InputTokens >= before.InputTokens && now.CacheReadTokens >= before.CacheReadTokens
            && now.CacheWriteTokens >= before.CacheWriteTokens
        && now.CacheWrite1hTokens >= before.CacheWrite1hTokens && now.OutputTokens >= before.OutputTokens
        && now.ReasoningTokens >= before.ReasoningTokens
        && Array.TrueForAll(before.OtherUnits ?? [], Held(now));

    private static Predicate<UnitQuantity> Held(UsageVector now) =>
        unit => UsageNormaliser.Quantity(now, unit.Unit) >= unit.Quantity;

    private static UnitQuantity[]? Difference(UnitQuantity[]? now, UsageVector before)
    {
        var units = Array.ConvertAll(now ?? [],
            unit => unit with { Quantity = unit.Quantity - UsageNormaliser.Quantity(before, unit.Unit) });
        units = Array.FindAll(units, static unit => unit.Quantity > 0);
        return units.Length > 0 ? units : null;
    }

    private static UsageVector Difference(in UsageVector now, in UsageVector before) => new()
    {
        InputTokens = now.InputTokens - before.InputTokens,
        CacheReadTokens = now.CacheReadTokens - before.CacheReadTokens,
        CacheWriteTokens = now.CacheWriteTokens - before.CacheWriteTokens,
        CacheWrite1hTokens = now.CacheWrite1hTokens - before.CacheWrite1hTokens,
        OutputTokens = now.OutputTokens - before.OutputTokens,
        ReasoningTokens = now.ReasoningTokens - before.ReasoningTokens,
        OtherUnits = Difference(now.OtherUnits, before),
    };
}
