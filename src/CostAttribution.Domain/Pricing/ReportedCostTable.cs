namespace CostAttribution.Domain.Pricing;

/// <summary>The book's word on costs that providers report. Immutable.</summary>
public sealed class ReportedCostTable
{
    private static readonly ReportedCostRule Default = new() { Id = "" };

    private readonly ReportedCostRule[] mostSpecificFirst;

    internal ReportedCostTable(IReadOnlyList<ReportedCostRule> rules)
    {
        Rules = rules;
        mostSpecificFirst = [.. rules.OrderByDescending(rule => rule.Rank).ThenBy(rule => rule.Id, StringComparer.Ordinal)];
    }

    /// <summary>The rules that stand, ordered by id.</summary>
    public IReadOnlyList<ReportedCostRule> Rules { get; }

    /// <summary>The rule for a call: its seller's and provider's before its seller's, its provider's, everyone's.</summary>
    public ReportedCostRule For(string provider, string seller, long eventTimeNanos)
    {
        foreach (var rule in mostSpecificFirst)
        {
            if (rule.Holds(provider, seller, eventTimeNanos)) return rule;
        }
        return Default;
    }

    /// <summary>What must be true of the rules of a book.</summary>
    internal static void Check(IReadOnlyList<ReportedCostRule> rules, ICollection<RateCardFault> faults)
    {
        for (var i = 0; i < rules.Count; i++)
        {
            var rule = rules[i];
            if (rule.FromNanos >= rule.ToNanos)
            {
                Fault(rule, RateCardFaultKind.DateRangeReversed, $"reported costs '{rule.Id}' end at "
                    + $"{RateCardTime.ToText(rule.ToNanos)}, not after they begin at {RateCardTime.ToText(rule.FromNanos)}");
            }
            for (var j = 0; j < i; j++)
            {
                if (!Meet(rule, rules[j])) continue;
                Fault(rule, RateCardFaultKind.Contradiction, $"reported costs '{rule.Id}' and '{rules[j].Id}' "
                    + $"({rules[j].File}:{rules[j].Line}) are for the same calls at the same time; keep one or end one");
            }
        }

        void Fault(ReportedCostRule rule, RateCardFaultKind kind, string reason) =>
            faults.Add(new RateCardFault(rule.File, rule.Line, kind, reason));
    }

    private static bool Meet(ReportedCostRule one, ReportedCostRule other) =>
        one.Rank == other.Rank && one.Seller == other.Seller
        && (one.Providers.Count == 0 || one.Providers.Intersect(other.Providers).Any())
        && one.FromNanos < other.ToNanos && other.FromNanos < one.ToNanos;
}
