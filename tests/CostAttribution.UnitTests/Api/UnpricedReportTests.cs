using CostAttribution.Api.Unpriced;
using CostAttribution.Domain.Pricing;
using CostAttribution.RateCards;
using CostAttribution.UnitTests.Pricing;
using static CostAttribution.UnitTests.Pricing.PricingKit;

namespace CostAttribution.UnitTests.Api;

public sealed class UnpricedReportTests
{
    private const long MicrosPerDay = 86_400_000_000;

    private const string Cards = """
          - id: known
            match: [known]
            rates: { input_tokens: 2.00 per 1M, output_tokens: 8.00 per 1M }
          - id: dated
            match: [dated]
            from: 2026-03-01
            to: 2026-04-01
            rates: { input_tokens: 1.00 per 1M }
          - id: dated-later
            match: [dated]
            from: 2026-05-01
            rates: { input_tokens: 1.00 per 1M }
        """;

    [Theory]
    [InlineData("new-model", "", UnpricedReason.UnknownModel)]
    [InlineData("", "", UnpricedReason.NoModelName)]
    [InlineData("known", "flex", UnpricedReason.TierNotOnCard)]
    [InlineData("known", "", UnpricedReason.PricedSince)]
    public void A_model_without_a_price_says_why(string model, string tier, UnpricedReason reason)
    {
        var row = Assert.Single(Report(Usage(model) with { ServiceTier = tier }).Rows);

        Assert.Equal((reason, 1000, 2), (row.Reason, row.Quantity, row.Calls));
        // the dearest input of acme
        Assert.Equal((CeilingBasis.Provider, "known", Usd("0.002")), (row.Basis, row.BasisCard, row.AtRiskCost));
    }

    [Fact]
    public void A_call_whose_provider_nobody_named_is_told_so_and_gets_no_card()
    {
        var report = Report(Usage("gpt-x") with { Provider = "" });

        var row = Assert.Single(report.Rows);
        Assert.Equal((UnpricedReason.UnknownProvider, CeilingBasis.AllProviders, ""), (row.Reason, row.Basis, row.Fix.Card));
        Assert.Empty(report.Cards);
    }

    [Fact]
    public void A_unit_that_the_card_lacks_names_the_card_its_file_and_the_line()
    {
        var usage = Usage("known") with { HasCard = true, RateId = "known", UnpricedUnit = "pages", Unit = "pages" };

        var row = Assert.Single(Report(usage).Rows);

        Assert.Equal((UnpricedReason.UnitNotOnCard, CeilingBasis.None, null), (row.Reason, row.Basis, row.AtRiskCost));
        Assert.Equal(("known", "test.yaml:4", "pages: PRICE per 1"), (row.Fix.Card, row.Fix.At, row.Fix.Line));
    }

    [Fact]
    public void Of_a_row_that_lacks_one_unit_the_units_that_were_priced_are_not_at_risk()
    {
        var row = Usage("known") with { HasCard = true, RateId = "known", UnpricedUnit = "pages" };

        var report = Report(row, row with { Unit = "output_tokens" }, row with { Unit = "pages" }, row with { Unit = "images" });

        Assert.Equal(["images", "pages"], report.Rows.Select(found => found.Unit).Order());
    }

    [Fact]
    public void Days_add_up_and_a_day_without_a_bound_takes_the_bound_of_the_whole_away()
    {
        var (first, second) = (Usage("new"), Usage("new", day: 3));

        var row = Assert.Single(Report(second, first).Rows);
        Assert.Equal((2000, 4, Usd("0.004")), (row.Quantity, row.Calls, row.AtRiskCost));
        Assert.Equal((first.FirstMicros, second.LastMicros), (Micros(row.FirstSeen), Micros(row.LastSeen)));

        var huge = Usage("new", day: 4) with { Quantity = long.MaxValue };
        Assert.Equal((long.MaxValue, Usd("18446744073709.551614") + Usd("0.002")),
            (Assert.Single(Report(first, huge).Rows).Quantity, Assert.Single(Report(first, huge).Rows).AtRiskCost));
        Assert.Null(Assert.Single(Report(first with { Unit = "seconds" }, huge with { Unit = "seconds" }).Rows).AtRiskCost);
    }

    [Theory]
    [InlineData("acme", "", "new-model")]
    [InlineData("acme", "openrouter", "maker/new-model")]
    [InlineData("Acme", "", "New \"Model\" \\ 7: [x]\u2028#")]
    [InlineData("aws.bedrock", "", "anthropic.claude-9-v1:0")]
    [InlineData("acme", "", "mödel-😀")]
    public void A_card_it_proposes_is_refused_without_prices_and_prices_the_calls_with_them(string provider, string seller, string model)
    {
        var usage = Usage(model) with { Provider = provider, Seller = seller };
        var report = Report(usage, usage with { Unit = "my_unit" }, usage with { Unit = "pages" });

        var empty = RateCardLoader.Load([("test.yaml", PricingKit.Cards(Cards)), ("own.yaml", report.CardFile)]);
        var filled = RateCardLoader.Load([("test.yaml", PricingKit.Cards(Cards)),
            ("own.yaml", report.CardFile.Replace(CardSkeleton.Price, "1.50"))]);

        Assert.False(empty.IsSound);
        Assert.Contains("PRICE", empty.FaultText, StringComparison.Ordinal);
        Assert.True(filled.IsSound, filled.FaultText);
        var request = usage.RequestAt(usage.FirstNanos);
        Assert.Equal(Assert.Single(report.Cards).Id, filled.Book.CardFor(in request, out _)!.Id);
        foreach (var unit in new[] { "input_tokens", "my_unit", "pages" })
            Assert.Equal(PriceStatus.Priced, filled.Book.Price(request, (usage with { Unit = unit }).OneOfIt()).Status);
    }

    [Theory]
    [InlineData("2026-02-01", null, "2026-03-01")]
    [InlineData("2026-04-10", "2026-04-01", "2026-05-01")]
    public void A_card_for_a_gap_in_time_fills_the_gap_and_no_more(string day, string? from, string to)
    {
        var usage = Usage("dated") with
        {
            FirstMicros = Nanos(day) / 1000, LastMicros = Nanos(day) / 1000 + 5,
        };
        var report = Report(usage);

        Assert.Equal(UnpricedReason.NoCardAtThatTime, Assert.Single(report.Rows).Reason);
        var filled = RateCardLoader.Load([("test.yaml", PricingKit.Cards(Cards)), ("own.yaml", report.CardFile.Replace("PRICE", "3"))]);
        Assert.True(filled.IsSound, filled.FaultText);
        var card = filled.Book.CardById(report.Cards[0].Id)!;
        Assert.Equal((from is null ? long.MinValue : Nanos(from), Nanos(to)), (card.FromNanos, card.ToNanos));
    }

    [Fact]
    public void Rows_come_by_money_at_risk_and_those_without_a_bound_last()
    {
        var report = Report(Usage("a") with { Unit = "seconds", Quantity = 1_000_000_000 }, Usage("b"),
            Usage("c") with { Unit = "output_tokens" });

        Assert.Equal(["c", "b", "a"], report.Rows.Select(row => row.Model));
        Assert.Equal(["own/acme/a", "own/acme/b", "own/acme/c"], report.Cards.Select(card => card.Id));
    }

    private static UnpricedReport Report(params UnpricedUsage[] usage)
    {
        var report = new UnpricedReport(new PriceCeilings(Book(Cards)));
        foreach (var part in usage) report.Add(part);
        return report;
    }

    private static UnpricedUsage Usage(string model, int day = 1) => new()
    {
        Provider = "acme", Model = model, Unit = "input_tokens", Quantity = 1000, Calls = 2,
        FirstMicros = day * MicrosPerDay + 10, LastMicros = day * MicrosPerDay + 20,
    };

    private static long Micros(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
}
