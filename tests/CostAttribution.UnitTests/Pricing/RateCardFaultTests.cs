using CostAttribution.Domain.Pricing;
using CostAttribution.RateCards;
using static CostAttribution.UnitTests.Pricing.PricingKit;

namespace CostAttribution.UnitTests.Pricing;

public class RateCardFaultTests
{
    // line 1 is "format: 1", line 2 "provider: acme", line 3 "cards:"; the first card begins on line 4
    private const string Good = "  - id: a\n    match: [m]\n    rates: { input_tokens: 1.00 per 1M }\n";

    private const string Long = Good + "    thresholds: [{ above: 9, rates: { input_tokens: 3 per 1M } }]\n";

    [Theory]
    [InlineData(RateCardFaultKind.NegativePrice, 6, "  - id: a\n    match: [m]\n    rates: { input_tokens: -1.00 per 1M }\n")]
    [InlineData(RateCardFaultKind.UnknownUnit, 7, "  - id: a\n    match: [m]\n    rates:\n      input_toknes: 1.00 per 1M\n")]
    [InlineData(RateCardFaultKind.BadDecimal, 6, "  - id: a\n    match: [m]\n    rates: { input_tokens: 1e-6 per 1M }\n")]
    [InlineData(RateCardFaultKind.BadDecimal, 6, "  - id: a\n    match: [m]\n    rates: { input_tokens: \"1,00 per 1M\" }\n")]
    [InlineData(RateCardFaultKind.BadDecimal, 6, "  - id: a\n    match: [m]\n    rates: { input_tokens: 1.00 }\n")]
    [InlineData(RateCardFaultKind.BadDecimal, 6, "  - id: a\n    match: [m]\n    rates: { input_tokens: 1.00 per 0 }\n")]
    [InlineData(RateCardFaultKind.BadDecimal, 6, "  - id: a\n    match: [m]\n    rates: { input_tokens: 1.00 per 1T }\n")]
    [InlineData(RateCardFaultKind.BadDecimal, 6, "  - id: a\n    match: [m]\n    rates: { input_tokens: NaN per 1M }\n")]
    [InlineData(RateCardFaultKind.DateRangeReversed, 4,
        "  - id: a\n    match: [m]\n    from: 2026-02-01\n    to: 2026-01-01\n    rates: { input_tokens: 1.00 per 1M }\n")]
    [InlineData(RateCardFaultKind.DateRangeReversed, 4,
        "  - id: a\n    match: [m]\n    from: 2026-02-01\n    to: 2026-02-01\n    rates: { input_tokens: 1.00 per 1M }\n")]
    [InlineData(RateCardFaultKind.DateRangeReversed, 4, Good
        + "    windows: [{ from: \"18:00\", to: \"06:00\", factor: \"2\" }]\n")]
    [InlineData(RateCardFaultKind.DuplicateId, 7, Good + "  - id: a\n    match: [n]\n    rates: { input_tokens: 1.00 per 1M }\n")]
    [InlineData(RateCardFaultKind.Contradiction, 7, Good
        + "  - id: b\n    match: [m]\n    rates: { input_tokens: 2.00 per 1M }\n")]
    [InlineData(RateCardFaultKind.Contradiction, 7, Good + "    free: true\n", 4)]
    [InlineData(RateCardFaultKind.Contradiction, 8, Good + "    tiers:\n      standard: { factor: \"1\" }\n")]
    [InlineData(RateCardFaultKind.Contradiction, 4, Good
        + "    thresholds: [{ above: 9, rates: { input_tokens: 2 per 1M } }, { above: 5, rates: { input_tokens: 3 per 1M } }]\n")]
    [InlineData(RateCardFaultKind.BadValue, 4, Good
        + "    thresholds: [{ above: 9, mode: marginal, rates: { output_tokens: 2 per 1M } }]\n")]
    [InlineData(RateCardFaultKind.UnknownCurrency, 4, Good + "    currency: EUR\n")]
    [InlineData(RateCardFaultKind.UnknownCurrency, 7, Good + "    currency: euro\n")]
    [InlineData(RateCardFaultKind.UnknownField, 7, Good + "    ratez: {}\n")]
    [InlineData(RateCardFaultKind.MissingField, 4, "  - match: [m]\n    rates: { input_tokens: 1.00 per 1M }\n")]
    [InlineData(RateCardFaultKind.MissingField, 4, "  - id: a\n    rates: { input_tokens: 1.00 per 1M }\n")]
    [InlineData(RateCardFaultKind.MissingField, 4, "  - id: a\n    match: [m]\n")]
    [InlineData(RateCardFaultKind.BadValue, 7, Good + "    from: yesterday\n")]
    [InlineData(RateCardFaultKind.BadValue, 5,
        "  - id: a\n    match: [{ glob: \"*\" }]\n    rates: { input_tokens: 1.00 per 1M }\n")]
    [InlineData(RateCardFaultKind.BadValue, 5, "  - id: a\n    match: [\"m*\"]\n    rates: { input_tokens: 1.00 per 1M }\n")]
    [InlineData(RateCardFaultKind.BadValue, 5,
        "  - id: a\n    match: [{ like: m }]\n    rates: { input_tokens: 1.00 per 1M }\n")]
    [InlineData(RateCardFaultKind.Unreadable, 6, "  - id: a\n    match: [m]\n    match: [n]\n")]
    [InlineData(RateCardFaultKind.BadValue, 5,
        "  - id: a\n    match: [{ contains: ab }]\n    rates: { input_tokens: 1.00 per 1M }\n")]
    [InlineData(RateCardFaultKind.BadValue, 7, Good + "    order: first\n")]
    [InlineData(RateCardFaultKind.BadValue, 4, Good + "    order: 1001\n")]
    [InlineData(RateCardFaultKind.BadValue, 4, Good + "    time_zone: Europe/Atlantis\n")]
    [InlineData(RateCardFaultKind.BadValue, 4, Good + "    scope: { customers: [c] }\n")]
    [InlineData(RateCardFaultKind.MissingField, 4, Good + "    layer: contract\n    scope: {}\n")]
    [InlineData(RateCardFaultKind.UnknownField, 7, Good + "    scope: { tenants: [c] }\n    layer: contract\n")]
    [InlineData(RateCardFaultKind.UnknownUnit, 7, Good + "    fallback: { nothing: fail }\n")]
    [InlineData(RateCardFaultKind.BadValue, 7, Good + "    fallback: { web_searches: parent }\n")]
    [InlineData(RateCardFaultKind.BadValue, 4, Good + "    fallback: { web_searches: web_searches }\n")]
    [InlineData(RateCardFaultKind.Contradiction, 4, Good
        + "    fallback: { reasoning_tokens: fail }\n    same_price: { reasoning_tokens: output_tokens }\n")]
    [InlineData(RateCardFaultKind.MissingField, 7, Good + "    geographies: { us: {} }\n")]
    [InlineData(RateCardFaultKind.BadValue, 7, Good + "    request_flags: { \"*\": { factor: \"2\" } }\n")]
    [InlineData(RateCardFaultKind.NegativePrice, 7, Good + "    regions: { eu: { rates: { input_tokens: -1 per 1M } } }\n")]
    [InlineData(RateCardFaultKind.BadDecimal, 6, "  - id: a\n    match: [m]\n    rates: { input_tokens: 1 per hour }\n")]
    [InlineData(RateCardFaultKind.MissingField, 9, Long + "    tiers:\n      fast: { rates: { input_tokens: 5 per 1M } }\n")]
    [InlineData(RateCardFaultKind.MissingField, 9, Long + "    windows:\n      - { from: \"00:00\", to: \"06:00\", rates: { input_tokens: 5 per 1M } }\n")]
    [InlineData(RateCardFaultKind.MissingField, 8, Good + "    regions:\n"
        + "      eu: { rates: { input_tokens: 2 per 1M }, thresholds: [{ above: 9, rates: { input_tokens: 3 per 1M } }], "
        + "tiers: { fast: { rates: { input_tokens: 5 per 1M } } } }\n")]
    [InlineData(RateCardFaultKind.Contradiction, 4, Good + "    tiers: { fast: { rates: { output_tokens: 5 per 1M } } }\n"
        + "    regions: { eu: { rates: { input_tokens: 2 per 1M }, thresholds: [{ above: 9, rates: { input_tokens: 3 per 1M } }] } }\n")]
    [InlineData(RateCardFaultKind.Contradiction, 4,
        "  - id: a\n    match: [m]\n    layer: contract\n    free: true\n    list_factor: \"0.5\"\n")]
    [InlineData(RateCardFaultKind.BadValue, 8, Good + "    evidence:\n      confidence: total\n")]
    public void A_fault_is_told_with_file_and_line(RateCardFaultKind kind, int line, string cards, int? actualLine = null)
    {
        var loaded = RateCardLoader.Load([("prices/acme.yaml", Cards(cards))]);

        Assert.False(loaded.IsSound);
        var fault = Assert.Single(loaded.Faults);
        Assert.Equal((kind, actualLine ?? line), (fault.Kind, fault.Line));
        Assert.StartsWith($"prices/acme.yaml:{actualLine ?? line}: ", fault.ToString());
        Assert.DoesNotContain("\n", fault.ToString());
        Assert.DoesNotContain("Exception", fault.ToString());
    }

    [Theory]
    [InlineData(RateCardFaultKind.DateRangeReversed, "terms: [{ id: t, kind: minimum_charge, amount: \"5\", from: 2026-02-01, to: 2026-01-01 }]")]
    [InlineData(RateCardFaultKind.BadValue, "terms: [{ id: t, kind: rebate }]")]
    [InlineData(RateCardFaultKind.MissingField, "terms: [{ id: t, kind: minimum_charge }]")]
    [InlineData(RateCardFaultKind.MissingField, "terms: [{ id: t, kind: allowance, unit: pages }]")]
    [InlineData(RateCardFaultKind.MissingField, "terms: [{ id: t, kind: volume_tiers, unit: pages }]")]
    [InlineData(RateCardFaultKind.UnknownUnit, "terms: [{ id: t, kind: allowance, unit: pagez, quantity: 1 }]")]
    [InlineData(RateCardFaultKind.BadDecimal, "terms: [{ id: t, kind: commitment, amount: \"-5\", from: 2026-01-01 }]")]
    [InlineData(RateCardFaultKind.MissingField, "terms: [{ id: t, kind: commitment, amount: \"5\" }]")]
    [InlineData(RateCardFaultKind.BadValue,
        "terms: [{ id: t, kind: capacity, quantity: 2, amount: \"1\", period: month, from: 2026-01-01 }]")]
    [InlineData(RateCardFaultKind.BadValue,
        "terms: [{ id: t, kind: capacity, quantity: 2, amount: \"1\", from: 2026-01-01, card: a }]")]
    [InlineData(RateCardFaultKind.Contradiction,
        "terms: [{ id: t, kind: volume_tiers, unit: pages, tiers: [{ above: 5, factor: \"1\" }, { above: 5, factor: \"2\" }] }]")]
    [InlineData(RateCardFaultKind.UnknownCurrency, "terms: [{ id: t, kind: minimum_charge, amount: \"5\", currency: EUR }]")]
    [InlineData(RateCardFaultKind.MissingField, "cost_rules: [{ name: r, when: { scope: s }, unit: requests }]")]
    [InlineData(RateCardFaultKind.MissingField, "cost_rules: [{ name: r, unit: requests, price: 1 per 1 }]")]
    [InlineData(RateCardFaultKind.MissingField, "cost_rules: [{ name: r, when: {}, unit: requests, price: 1 per 1 }]")]
    [InlineData(RateCardFaultKind.UnknownUnit, "cost_rules: [{ name: r, when: { scope: s }, unit: requestz, price: 1 per 1 }]")]
    [InlineData(RateCardFaultKind.NegativePrice, "cost_rules: [{ name: r, when: { scope: s }, unit: requests, price: -1 per 1 }]")]
    [InlineData(RateCardFaultKind.BadValue, "cost_rules: [{ name: r, when: { scope: s }, unit: input_tokens, price: 1 per 1 }]")]
    [InlineData(RateCardFaultKind.BadValue,
        "cost_rules: [{ name: r, when: { scope: s }, unit: pages, quantity: { duration: true }, price: 1 per 1 }]")]
    [InlineData(RateCardFaultKind.BadValue, "cost_rules: [{ name: R r, when: { scope: s }, unit: pages, price: 1 per 1 }]")]
    [InlineData(RateCardFaultKind.BadValue, "withdrawals: [{ id: nobody, recorded_at: 2026-01-01 }]")]
    [InlineData(RateCardFaultKind.MissingField, "withdrawals: [{ id: a }]")]
    [InlineData(RateCardFaultKind.Contradiction, "units: [{ name: web_searches, family: search }]")]
    [InlineData(RateCardFaultKind.BadValue, "units: [{ name: mine, family: thing }]")]
    public void A_fault_beside_the_cards_is_told_with_its_line(RateCardFaultKind kind, string line)
    {
        var loaded = RateCardLoader.Load([("f.yaml", Cards(Good + line + "\n"))]);

        Assert.False(loaded.IsSound);
        var fault = Assert.Single(loaded.Faults);
        Assert.Equal((kind, 7), (fault.Kind, fault.Line));
        Assert.DoesNotContain("Exception", fault.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("just text")]
    [InlineData("format: 2\ncards: []")]
    [InlineData("cards: []")]
    [InlineData("format: 1\ncards: {}")]
    [InlineData("format: 1\n\tcards: [")]
    [InlineData("format: 1\n---\nformat: 1")]
    [InlineData("format: 1\ncards: [*nowhere]")]
    [InlineData("format: 1\n? [a]\n: b")]
    public void A_file_that_is_no_rate_card_file_is_refused(string text)
    {
        var loaded = RateCardLoader.Load([("acme.yaml", text)]);

        Assert.False(loaded.IsSound);
        Assert.NotEmpty(loaded.Faults);
    }

    [Fact]
    public void Nesting_without_end_is_refused_and_does_not_exhaust_the_stack()
    {
        var loaded = RateCardLoader.Load([("acme.yaml", new string('[', 200_000))]);

        Assert.Equal(RateCardFaultKind.LimitPassed, Assert.Single(loaded.Faults).Kind);
    }

    [Fact]
    public void All_faults_of_all_files_are_told_at_once_in_order()
    {
        var loaded = RateCardLoader.Load(
        [
            ("b.yaml", Cards("  - id: a\n    match: [m]\n    rates: { input_tokens: -1.00 per 1M, outputs: 1 per 1M }\n")),
            ("a.yaml", Cards("  - id: a\n    match: [m]\n    to: never\n    rates: { input_tokens: 1.00 per 1M }\n")),
        ]);

        Assert.Equal(["a.yaml:6", "b.yaml:6", "b.yaml:6"], loaded.Faults.Select(fault => $"{fault.File}:{fault.Line}"));
    }

    [Fact]
    public void Thousands_of_faults_are_cut_short()
    {
        var cards = string.Concat(Enumerable.Repeat("  - nothing: here\n", 5_000));

        var loaded = RateCardLoader.Load([("acme.yaml", Cards(cards))]);

        Assert.Equal(RateCardLoader.FaultsMax + 1, loaded.Faults.Count);
        Assert.Equal(RateCardFaultKind.LimitPassed, loaded.Faults[^1].Kind);
    }

    [Fact]
    public void Cards_of_one_model_may_follow_each_other_in_time()
    {
        var book = Book("  - id: a\n    match: [m]\n    to: 2026-01-01\n    rates: { input_tokens: 1.00 per 1M }\n"
            + "  - id: b\n    match: [m]\n    from: 2026-01-01\n    rates: { input_tokens: 2.00 per 1M }\n");

        Assert.Equal(2, book.Cards.Count);
    }

    [Fact]
    public void A_directory_that_does_not_exist_is_one_clear_fault()
    {
        var loaded = RateCardFiles.Load(Path.Combine(Path.GetTempPath(), "no-such-rate-cards"));

        Assert.Equal(RateCardFaultKind.Unreadable, Assert.Single(loaded.Faults).Kind);
    }

    [Fact]
    public void A_directory_adds_cards_and_corrects_a_shipped_one_under_its_id()
    {
        var directory = Directory.CreateTempSubdirectory("rate-cards");
        try
        {
            File.WriteAllText(Path.Combine(directory.FullName, "own.yaml"), """
                format: 1
                provider: openai
                recorded_at: 2099-01-01
                cards:
                  - id: openai/gpt-4o
                    match: [gpt-4o]
                    rates: { input_tokens: 1.00 per 1M }
                  - id: own/house-model
                    match: [house-model]
                    rates: { input_tokens: 1.00 per 1M }
                """);

            var loaded = RateCardFiles.Load(directory.FullName);

            Assert.True(loaded.IsSound, loaded.FaultText);
            Assert.Equal(Shipped.Cards.Count + 1, loaded.Book.Cards.Count);
            Assert.Single(loaded.Book.CardById("openai/gpt-4o")!.Rates);
            Assert.NotEqual(Shipped.Version, loaded.Book.Version);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}
