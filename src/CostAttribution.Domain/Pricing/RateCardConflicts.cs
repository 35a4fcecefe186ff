namespace CostAttribution.Domain.Pricing;

/// <summary>
/// Finds cards that match one call equally well at one time, so that nothing but their names could choose between them.
/// </summary>
internal static class RateCardConflicts
{
    /// <summary>Pairs of rules compared per rank; past it the cards need an order rather than a longer look.</summary>
    private const int PairsMax = 200_000;

    /// <summary>Names tried against rules that are expressions.</summary>
    private const int NamesMax = 10_000;

    /// <param name="Who">A value of the dimension that gives the scope its level: scopes that share none never meet.</param>
    private readonly record struct Selector(string Provider, string Seller, RateLayer Layer, int Order, int Level, string Who);

    public static void Check(IReadOnlyList<RateCard> cards, ICollection<RateCardFault> faults)
    {
        var bySelector = new Dictionary<Selector, List<(RateCard Card, ModelRule Rule)>>();
        foreach (var card in cards)
        {
            var level = card.Scope?.Level ?? 0;
            IReadOnlyList<string> everyone = [""];
            var callers = level > 0 ? card.Scope!.Dimensions[level - 1] : everyone;
            foreach (var (provider, who) in card.Providers.SelectMany(_ => callers, (provider, who) => (provider, who)))
            {
                var selector = new Selector(provider, card.Seller, card.Layer, card.Order, level, who);
                if (!bySelector.TryGetValue(selector, out var rules)) bySelector[selector] = rules = [];
                foreach (var rule in card.Match) rules.Add((card, rule));
            }
        }
        var told = new HashSet<(string, string)>();
        foreach (var (selector, rules) in bySelector)
        {
            foreach (var same in rules.GroupBy(rule => rule.Rule)) CheckSameRule(selector, [.. same], told, faults);
            string[]? names = null;
            foreach (var rank in rules.Where(rule => MayMeetAnother(rule.Rule.Kind)).GroupBy(rule => rule.Rule.Rank))
            {
                names ??= NamesOf(rules);
                CheckRank(selector, [.. rank], names, told, faults);
            }
        }
    }

    /// <summary>Of the other kinds two rules of one length select different names, or are the same rule.</summary>
    private static bool MayMeetAnother(ModelRuleKind kind) =>
        kind is ModelRuleKind.Glob or ModelRuleKind.Contains or ModelRuleKind.Regex;

    private static string[] NamesOf(List<(RateCard Card, ModelRule Rule)> rules) => [.. rules.Select(rule => rule.Rule)
        .Where(rule => rule.Kind is ModelRuleKind.Equals or ModelRuleKind.Dated or ModelRuleKind.Prefix or ModelRuleKind.Contains)
        .Select(rule => rule.Pattern).Distinct().Take(NamesMax)];

    private static void CheckSameRule(Selector selector, (RateCard Card, ModelRule Rule)[] sharing,
        HashSet<(string, string)> told, ICollection<RateCardFault> faults)
    {
        if (sharing.Length < 2) return;
        var ordered = InTime(sharing);
        for (var i = 1; i < ordered.Length; i++)
        {
            // Cards without scope that follow each other in time need only be compared with the one before.
            for (var j = i - 1; j >= (selector.Level == 0 ? i - 1 : 0); j--)
            {
                var (earlier, later) = (ordered[j].Card, ordered[i].Card);
                if (!Meet(earlier, later) || !told.Add((earlier.Id, later.Id))) continue;
                Fault(faults, later, $"card '{later.Id}' and card '{earlier.Id}' at {earlier.File}:{earlier.Line} "
                    + $"both price {selector.Provider} model '{ordered[i].Rule.Pattern}' "
                    + $"from {RateCardTime.ToText(later.FromNanos)}; end one before, or give one a lower 'order'");
            }
        }
    }

    private static void CheckRank(Selector selector, (RateCard Card, ModelRule Rule)[] rules, string[] names,
        HashSet<(string, string)> told, ICollection<RateCardFault> faults)
    {
        var ordered = InTime(rules);
        var compared = 0;
        for (var i = 1; i < ordered.Length; i++)
        {
            for (var j = 0; j < i; j++)
            {
                var ((earlier, one), (later, other)) = (ordered[j], ordered[i]);
                if (earlier.Id == later.Id || one == other || !Meet(earlier, later)) continue;
                if (++compared > PairsMax)
                {
                    faults.Add(new(later.File, later.Line, RateCardFaultKind.LimitPassed,
                        $"too many cards of {selector.Provider} have rules that may select one model; give them an 'order'"));
                    return;
                }
                var witness = RuleOverlap.Witness(one, other,
                    name => earlier.Except.Concat(later.Except).Any(except => except.Matches(name)), names);
                if (witness is null || !told.Add((earlier.Id, later.Id))) continue;
                Fault(faults, later, $"card '{later.Id}' ('{other.Pattern}') and card '{earlier.Id}' ('{one.Pattern}') at "
                    + $"{earlier.File}:{earlier.Line} would both price {selector.Provider} model '{witness}' "
                    + $"from {RateCardTime.ToText(later.FromNanos)}; give one a lower 'order', or an 'except'");
            }
        }
    }

    private static (RateCard Card, ModelRule Rule)[] InTime(IEnumerable<(RateCard Card, ModelRule Rule)> rules) =>
        [.. rules.OrderBy(rule => rule.Card.FromNanos).ThenBy(rule => rule.Card.File, StringComparer.Ordinal)
            .ThenBy(rule => rule.Card.Line)];

    private static bool Meet(RateCard earlier, RateCard later) => earlier.Id != later.Id
        && later.FromNanos < earlier.ToNanos && earlier.FromNanos < later.ToNanos
        && ContractScope.MayMeet(earlier.Scope, later.Scope);

    private static void Fault(ICollection<RateCardFault> faults, RateCard card, string reason) =>
        faults.Add(new(card.File, card.Line, RateCardFaultKind.Contradiction, reason));
}
