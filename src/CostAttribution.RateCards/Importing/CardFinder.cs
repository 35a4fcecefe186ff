using CostAttribution.Domain.Pricing;

namespace CostAttribution.RateCards.Importing;

/// <summary>Which card prices a name, by the book's own rule: the most specific rule wins.</summary>
internal sealed class CardFinder
{
    private sealed class Rules
    {
        public Dictionary<string, RateCard> Exact { get; } = [];
        public List<(ModelRule Rule, RateCard Card)> Others { get; } = [];
    }

    private readonly Dictionary<(string Provider, string Seller), Rules> byProvider = [];

    public void Add(RateCard card)
    {
        foreach (var provider in card.Providers)
        {
            var key = (provider, card.Seller);
            if (!byProvider.TryGetValue(key, out var rules)) byProvider[key] = rules = new Rules();
            foreach (var rule in card.Match)
            {
                if (rule.Kind == ModelRuleKind.Equals) rules.Exact.TryAdd(rule.Pattern, card);
                else rules.Others.Add((rule, card));
            }
        }
    }

    /// <summary>The card that prices <paramref name="model"/> for any of the providers; null when none does.</summary>
    public RateCard? Find(IReadOnlyList<string> providers, string seller, string model)
    {
        foreach (var provider in providers)
        {
            if (!byProvider.TryGetValue((provider, seller), out var rules)) continue;
            if (rules.Exact.TryGetValue(model, out var exact) && !exact.Except.Any(except => except.Matches(model))) return exact;
            var best = (Rank: -1, Card: (RateCard?)null);
            foreach (var (rule, card) in rules.Others)
            {
                if (rule.Rank > best.Rank && rule.Matches(model) && !card.Except.Any(except => except.Matches(model)))
                    best = (rule.Rank, card);
            }
            if (best.Card is not null) return best.Card;
        }
        return null;
    }

    /// <summary>A card that already has this very rule, so that no other may have it at the same time.</summary>
    public RateCard? WithRule(IReadOnlyList<string> providers, string seller, ModelRule rule)
    {
        foreach (var provider in providers)
        {
            if (!byProvider.TryGetValue((provider, seller), out var rules)) continue;
            if (rule.Kind == ModelRuleKind.Equals)
            {
                if (rules.Exact.TryGetValue(rule.Pattern, out var exact)) return exact;
            }
            else if (rules.Others.Find(other => other.Rule == rule).Card is { } card) return card;
        }
        return null;
    }
}
