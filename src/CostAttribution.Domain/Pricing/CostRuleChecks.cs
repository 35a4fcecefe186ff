namespace CostAttribution.Domain.Pricing;

/// <summary>What must be true of the cost rules of a book.</summary>
internal static class CostRuleChecks
{
    public static void Check(IReadOnlyList<CostRule> rules, RateUnitTable units, ICollection<RateCardFault> faults)
    {
        foreach (var rule in rules)
        {
            if (rule.Scope is null && rule.SpanName is null && rule.Attributes.Count == 0)
            {
                Fault(rule, RateCardFaultKind.MissingField,
                    $"cost rule '{rule.Name}' would price every span; say under 'when' which spans it is for");
            }
            if (rule.Quantity.Source == QuantitySource.Duration && CostRuleMatcher.NanosPerStep(units.Find(rule.Unit)) == 0)
            {
                Fault(rule, RateCardFaultKind.BadValue,
                    $"cost rule '{rule.Name}' prices a duration in '{rule.Unit}', which is no unit of time");
            }
            if (rule.Quantity.Times.IsZero)
                Fault(rule, RateCardFaultKind.BadValue, $"cost rule '{rule.Name}' multiplies by 0; remove the rule instead");
            if (Array.IndexOf(RateUnits.TokenKindNames, rule.Unit) >= 0)
            {
                Fault(rule, RateCardFaultKind.BadValue, $"cost rule '{rule.Name}' prices '{rule.Unit}'; "
                    + "tokens of model calls are counted by the instrumentation's own names, never by a rule");
            }
        }
        var keys = rules.SelectMany(CostRuleMatcher.KeysOf).Where(key => key.Length > 0).Distinct().Count();
        if (keys > CostRuleMatcher.KeysMax)
        {
            Fault(rules[^1], RateCardFaultKind.LimitPassed,
                $"cost rules read {keys} attributes, more than {CostRuleMatcher.KeysMax}; use fewer");
        }

        void Fault(CostRule rule, RateCardFaultKind kind, string reason) =>
            faults.Add(new(rule.File, rule.Line, kind, reason));
    }
}
