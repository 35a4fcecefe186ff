namespace CostAttribution.Domain.Pricing;

/// <summary>Cards by provider and model rule. Built once per book, read when a set of selectors is seen for the first
/// time.</summary>
internal sealed class RateCardIndex
{
    /// <summary>Longest model name that is looked up, in characters; patterns are no longer than this either.</summary>
    public const int ModelLengthMax = 256;

    private readonly Dictionary<string, Rules> byProvider = [];

    public RateCardIndex(IEnumerable<RateCard> cards)
    {
        foreach (var card in cards)
        {
            foreach (var provider in card.Providers)
            {
                if (!byProvider.TryGetValue(provider, out var rules)) byProvider[provider] = rules = new Rules();
                foreach (var rule in card.Match) rules.Add(rule, card);
            }
        }
    }

    /// <summary>Adds every card that matches, whatever its dates and layer, with the rank of its best rule.</summary>
    public void Find(string provider, string seller, string model, List<(RateCard Card, int Rank)> found)
    {
        if (model.Length is 0 or > ModelLengthMax || !byProvider.TryGetValue(provider, out var rules)) return;
        rules.Find(seller, model, found);
    }

    private sealed class Rules
    {
        /// <summary>Equals, dated and prefix rules, by pattern; a pattern is always the beginning of what it matches.</summary>
        private readonly Dictionary<string, List<(ModelRule Rule, RateCard Card)>> byBeginning = [];
        private readonly List<(ModelRule Rule, RateCard Card)> globs = [];

        public void Add(ModelRule rule, RateCard card)
        {
            if (rule.Kind == ModelRuleKind.Glob)
            {
                globs.Add((rule, card));
                return;
            }
            if (!byBeginning.TryGetValue(rule.Pattern, out var rules)) byBeginning[rule.Pattern] = rules = [];
            rules.Add((rule, card));
        }

        public void Find(string seller, string model, List<(RateCard Card, int Rank)> found)
        {
            var beginnings = byBeginning.GetAlternateLookup<ReadOnlySpan<char>>();
            for (var length = model.Length; length > 0; length--)
            {
                if (beginnings.TryGetValue(model.AsSpan(0, length), out var rules)) AddMatches(rules);
            }
            AddMatches(globs);

            void AddMatches(List<(ModelRule Rule, RateCard Card)> rules)
            {
                foreach (var (rule, card) in rules)
                {
                    if (card.Seller != seller || !rule.Matches(model) || card.Except.Any(except => except.Matches(model)))
                        continue;
                    found.Add((card, rule.Rank));
                }
            }
        }
    }
}
