using System.Text.RegularExpressions;

namespace CostAttribution.Domain.Pricing;

/// <summary>Cards by provider and model rule. Built once per book, read when a set of selectors is seen for the first
/// time.</summary>
internal sealed class RateCardIndex
{
    /// <summary>Longest model name that is looked up, in characters; patterns are no longer than this either.</summary>
    public const int ModelLengthMax = 256;

    private readonly Dictionary<string, Rules> byProvider = [];
    private readonly Dictionary<string, Regex> expressions = [];

    public RateCardIndex(IEnumerable<RateCard> cards)
    {
        foreach (var card in cards)
        {
            foreach (var rule in card.Match.Concat(card.Except))
            {
                if (rule.Kind == ModelRuleKind.Regex) expressions.TryAdd(rule.Pattern, ModelRule.Compile(rule.Pattern));
            }
            foreach (var provider in card.Providers)
            {
                if (!byProvider.TryGetValue(provider, out var rules)) byProvider[provider] = rules = new Rules(expressions);
                foreach (var rule in card.Match) rules.Add(rule, card);
            }
        }
    }

    /// <summary>Adds every card that matches, whatever its dates and layer, with the rule that matches.</summary>
    public void Find(string provider, string seller, string model, List<(RateCard Card, ModelRule Rule)> found)
    {
        if (model.Length is 0 or > ModelLengthMax || !byProvider.TryGetValue(provider, out var rules)) return;
        rules.Find(seller, model, found);
    }

    private sealed class Rules(Dictionary<string, Regex> expressions)
    {
        /// <summary>Equals, dated and prefix rules, by pattern; a pattern is always the beginning of what it matches.</summary>
        private readonly Dictionary<string, List<(ModelRule Rule, RateCard Card)>> byBeginning = [];
        private readonly List<(ModelRule Rule, RateCard Card)> others = [];

        public void Add(ModelRule rule, RateCard card)
        {
            if (rule.Kind is not (ModelRuleKind.Equals or ModelRuleKind.Dated or ModelRuleKind.Prefix))
            {
                others.Add((rule, card));
                return;
            }
            if (!byBeginning.TryGetValue(rule.Pattern, out var rules)) byBeginning[rule.Pattern] = rules = [];
            rules.Add((rule, card));
        }

        public void Find(string seller, string model, List<(RateCard Card, ModelRule Rule)> found)
        {
            var beginnings = byBeginning.GetAlternateLookup<ReadOnlySpan<char>>();
            for (var length = model.Length; length > 0; length--)
            {
                if (beginnings.TryGetValue(model.AsSpan(0, length), out var rules)) AddMatches(rules);
            }
            AddMatches(others);

            void AddMatches(List<(ModelRule Rule, RateCard Card)> rules)
            {
                foreach (var (rule, card) in rules)
                {
                    if (card.Seller == seller && (Matches(rule, model) || IsAgreedForAll(rule, card))
                        && !card.Except.Any(except => Matches(except, model)))
                        found.Add((card, rule));
                }
            }
        }

        /// <summary>
        /// A contract on all models is on those whose names have a vendor in them too. The guard against resellers is for list
        /// prices: a contract is with one provider or seller, and a discount has no price of its own.
        /// </summary>
        private static bool IsAgreedForAll(ModelRule rule, RateCard card) =>
            rule.Kind == ModelRuleKind.Any && card.Layer == RateLayer.Contract;

        private bool Matches(ModelRule rule, string model) =>
            rule.Matches(model, rule.Kind == ModelRuleKind.Regex ? expressions[rule.Pattern] : null);
    }
}
