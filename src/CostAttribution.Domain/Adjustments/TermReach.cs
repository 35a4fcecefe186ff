using System.Text.RegularExpressions;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.Domain.Adjustments;

/// <summary>Whose usage a term counts: provider, seller, model and scope, compared as rate cards compare them.</summary>
public sealed class TermReach
{
    private readonly PeriodTerm term;
    private readonly HashSet<string> providers;
    private readonly (ModelRule Rule, Regex? Expression)[] rules;
    private readonly HashSet<string>?[] scope;

    public TermReach(PeriodTerm term)
    {
        this.term = term;
        providers = [.. term.Providers];
        rules = [.. term.Match.Select(rule => (rule, rule.Kind == ModelRuleKind.Regex ? ModelRule.Compile(rule.Pattern) : null))];
        scope = [.. (term.Scope ?? new ContractScope()).Dimensions.Select(values =>
            values.Count == 0 ? null : values.ToHashSet(StringComparer.Ordinal))];
    }

    public bool Covers(AdjustmentGroup group) => providers.Contains(group.Provider) && term.Seller == group.Seller
        && CoversModel(group.Model) && Names(0, group.ProviderAccount) && Names(1, group.ProviderProject)
        && Names(2, group.ProviderKey) && Names(3, group.Customer);

    public bool CoversModel(string model)
    {
        if (rules.Length == 0) return true;
        var name = model.ToLowerInvariant();
        return Array.Exists(rules, rule => rule.Rule.Matches(name, rule.Expression));
    }

    private bool Names(int dimension, string value) => scope[dimension] is not { } values || values.Contains(value);
}
