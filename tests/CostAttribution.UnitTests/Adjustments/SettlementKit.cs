using CostAttribution.Domain.Adjustments;
using CostAttribution.Domain.Pricing;
using CostAttribution.UnitTests.Pricing;

namespace CostAttribution.UnitTests.Adjustments;

/// <summary>Short ways to make terms, groups and settlements in tests.</summary>
internal static class SettlementKit
{
    public static PeriodTerm Term(string term) => PricingKit.Book(
        "  - { id: a, match: [m], rates: { input_tokens: 2 per 1M, pages: 1 per 1 } }\n"
        + "  - { id: ptu, match: [m], layer: contract, free: true, scope: { keys: [k] } }\n"
        + $"fx: [{{ currency: EUR, from: 2020-01-01, usd: \"1.25\" }}]\nterms:\n  - {{ id: t, {term} }}\n").Terms[0];

    public static AdjustmentGroup Group(string customer, string model = "m", string day = "2026-03-01")
    {
        var parts = new string[AdjustmentGroup.PartCount];
        Array.Fill(parts, "");
        (parts[0], parts[7], parts[9]) = (customer, "acme", model);
        return new AdjustmentGroup(PricingKit.Nanos(day) / 1000, parts, []);
    }

    /// <summary>A group that used a quantity of the term's unit for a cost, in pico-dollars, and nothing else.</summary>
    public static GroupSum Used(string customer, Int128 quantity, Int128 unitCost, string model = "m") =>
        new(Group(customer, model), quantity, unitCost, unitCost, unitCost, quantity, 1);

    public static TermSpan Month(PeriodTerm term, string at = "2026-03-10") =>
        TermPeriods.Within(term, PricingKit.Nanos(at), PricingKit.Nanos(at) + 1_000).Single();

    public static TermSettlement Settle(string term, params GroupSum[] sums)
    {
        var parsed = Term(term);
        return TermSettler.Settle(parsed, Month(parsed), sums, parsed.Currency == "EUR" ? new Rational(5, 4) : Rational.One);
    }

    /// <summary>Customer and amount of each line.</summary>
    public static string[] Lines(TermSettlement settlement) =>
        [.. settlement.Lines.Select(line => $"{line.Group.Customer} {line.Amount}")];
}
