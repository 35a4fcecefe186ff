using System.Text;
using CostAttribution.Domain.Pricing;
using CostAttribution.RateCards;

namespace CostAttribution.UnitTests.Pricing;

public sealed class RateBookTextTests
{
    [Fact]
    public void The_shipped_prices_come_back_from_their_text_with_the_same_version_and_the_same_text()
    {
        var book = RateCardFiles.Load(null).Book!;
        var text = RateBookText.Write(book);

        var again = RateBookText.Read(text);

        Assert.Equal(book.Version, again.Version);
        Assert.Equal(Encoding.UTF8.GetString(text), Encoding.UTF8.GetString(RateBookText.Write(again)));
        Assert.Equal(book.Cards.Select(card => card.Id), again.Cards.Select(card => card.Id));
    }

    [Fact]
    public void Every_member_of_a_card_that_decides_a_price_is_in_the_text()
    {
        var card = new RateCard
        {
            Id = "a\nb \"c\"", Providers = ["openai", "azure"], Seller = "s", Layer = RateLayer.Contract,
            Match = [new(ModelRuleKind.Glob, "x*"), new(ModelRuleKind.Equals, "y")], Except = [new(ModelRuleKind.Prefix, "x-no")],
            FromNanos = 5, ToNanos = 7, ListFactor = new Rational(9, 10),
            Rates = [new UnitPrice("input_tokens", new Rational(1, 3), 1_000_000)],
            Thresholds = [new ContextThreshold(1000, ThresholdMode.Marginal, [new UnitPrice("input_tokens", Rational.One, 7)])],
            Tiers = [new TierPrice("batch", new Rational(1, 2), [], [])], Regions = [new RegionPrice("*", new Rational(11, 10))],
            Windows = [new DailyWindow(0, 60, new Rational(1, 2), 3)],
        };
        var book = new RateBook([card], [new FxRate("EUR", 1, new Rational(11, 10))]);

        var again = RateBookText.Read(RateBookText.Write(book));

        Assert.Equal(book.Version, again.Version);
        var read = Assert.Single(again.Cards);
        Assert.Equal((card.Id, card.Seller, card.Layer, card.FromNanos, card.ToNanos, card.ListFactor),
            (read.Id, read.Seller, read.Layer, read.FromNanos, read.ToNanos, read.ListFactor));
        Assert.Equal(card.Match, read.Match);
        Assert.Equal(card.Except, read.Except);
        Assert.Equal(card.Rates[0].Each, read.Rates[0].Each);
        Assert.Equal((card.Thresholds[0].Above, card.Thresholds[0].Mode), (read.Thresholds[0].Above, read.Thresholds[0].Mode));
        Assert.Equal(card.Regions, read.Regions);
        Assert.Equal(card.Windows, read.Windows);
        Assert.Equal(card.Tiers[0].Factor, read.Tiers[0].Factor);
        Assert.Equal(book.FxRates, again.FxRates);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("{\"format\":99,\"cards\":[],\"fx\":[]}")]
    [InlineData("{\"format\":2,\"cards\":[{\"id\":\"x\"}],\"fx\":[]}")]
    public void Anything_else_is_refused(string text) =>
        Assert.Throws<InvalidDataException>(() => RateBookText.Read(Encoding.UTF8.GetBytes(text)));
}
