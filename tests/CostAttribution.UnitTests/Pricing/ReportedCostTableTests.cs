using System.Text;
using CostAttribution.Domain.Pricing;
using CostAttribution.RateCards;
using static CostAttribution.UnitTests.Pricing.PricingKit;

namespace CostAttribution.UnitTests.Pricing;

public sealed class ReportedCostTableTests
{
    private const string Text = """
        format: 1
        reported_costs:
          - { id: all, take: ours, alert_above: 2.5% }
          - { id: router, seller: OpenRouter, take: reported }
          - { id: openai, provider: openai, take: reported_if_unpriced, to: 2026-06-01 }
          - { id: router-openai, seller: openrouter, providers: [openai, azure.ai.openai], take: ours, from: 2026-06-01 }
        """;

    [Theory]
    [InlineData("openai", "", "2026-05-31", "openai")]
    [InlineData("openai", "", "2026-06-01", "all")]
    [InlineData("OpenAI", "openrouter", "2026-05-31", "router")]
    [InlineData("openai", "openrouter", "2026-06-01", "router-openai")]
    [InlineData("anthropic", "openrouter", "2026-06-01", "router")]
    [InlineData("anthropic", "", "2026-06-01", "all")]
    public void The_rule_that_says_most_about_who_bills_holds(string provider, string seller, string at, string id) =>
        Assert.Equal(id, Load(Text).ReportedCosts.For(provider, seller, Nanos(at)).Id);

    [Fact]
    public void Without_rules_ours_counts_and_five_percent_are_told()
    {
        var rule = RateBook.Empty.ReportedCosts.For("openai", "", 0);

        Assert.Equal((ReportedCostUse.Ours, new Rational(1, 20)), (rule.Take, rule.AlertAbove));
        Assert.Equal(new Rational(1, 40), Load(Text).ReportedCosts.For("x", "", 0).AlertAbove);
    }

    [Fact]
    public void They_are_part_of_the_version_and_come_back_from_the_kept_text()
    {
        var (with, without) = (Load(Text), Load("format: 1\ncards: []\n"));

        Assert.Equal(RateBook.Empty.Version, without.Version);
        Assert.NotEqual(without.Version, with.Version);
        Assert.NotEqual(with.Version, Load(Text.Replace("2.5%", "3%")).Version);
        var again = RateBookText.Read(RateBookText.Write(with));
        Assert.Equal(with.Version, again.Version);
        Assert.Equal(with.ReportedCosts.Rules.Select(Said), again.ReportedCosts.Rules.Select(Said));
        Assert.DoesNotContain("reportedCosts", Encoding.UTF8.GetString(RateBookText.Write(without)), StringComparison.Ordinal);

        static string Said(ReportedCostRule rule) =>
            $"{rule.Id} {string.Join(',', rule.Providers)} {rule.Seller} {rule.Take} {rule.AlertAbove} {rule.FromNanos} {rule.ToNanos}";
    }

    [Fact]
    public void A_later_word_under_the_same_id_corrects_the_rule_from_when_it_was_learnt()
    {
        var loaded = RateCardLoader.Load([("a.yaml", "format: 1\nrecorded_at: 2026-01-01\nreported_costs:\n  - { id: x, take: ours }\n"),
            ("b.yaml", "format: 1\nreported_costs:\n  - { id: x, take: reported, recorded_at: 2026-02-01 }\n")]);
        Assert.True(loaded.IsSound, loaded.FaultText);

        Assert.Equal(ReportedCostUse.Reported, loaded.Book.ReportedCosts.For("p", "", 0).Take);
        Assert.True(loaded.Catalogue!.TryBookAt(Nanos("2026-01-31"), [], out var before));
        Assert.Equal(ReportedCostUse.Ours, before.ReportedCosts.For("p", "", 0).Take);
    }

    [Theory]
    [InlineData("{ id: x, take: theirs }", 3, "must be one of ours, reported, reported_if_unpriced")]
    [InlineData("{ id: x }", 3, "lacks 'take'")]
    [InlineData("{ take: ours }", 3, "lacks 'id'")]
    [InlineData("{ id: x, take: ours, alert_above: 5 }", 3, "must be a percentage such as 5%")]
    [InlineData("{ id: x, take: ours, alert_above: -5% }", 3, "must be a percentage such as 5%")]
    [InlineData("{ id: x, take: ours, from: 2026-02-01, to: 2026-01-01 }", 3, "not after they begin")]
    [InlineData("{ id: x, take: ours, dialect: langfuse }", 3, "unknown field 'dialect'")]
    [InlineData("{ id: x, take: ours }\n  - { id: y, take: reported }", 4, "are for the same calls at the same time")]
    [InlineData("{ id: x, provider: a, take: ours }\n  - { id: y, providers: [b, a], take: reported }", 4, "for the same calls")]
    [InlineData("{ id: x, take: ours }\n  - { id: x, take: reported }", 4, "already used")]
    public void What_makes_no_sense_is_refused_with_its_line(string rules, int line, string reason)
    {
        var loaded = RateCardLoader.Load([("f.yaml", $"format: 1\nreported_costs:\n  - {rules}\n")]);

        Assert.False(loaded.IsSound);
        Assert.Contains(loaded.Faults, fault => fault.Line == line && fault.Reason.Contains(reason, StringComparison.Ordinal));
    }

    private static RateBook Load(string text)
    {
        var loaded = RateCardLoader.Load([("f.yaml", text)]);
        Assert.True(loaded.IsSound, loaded.FaultText);
        return loaded.Book;
    }
}
