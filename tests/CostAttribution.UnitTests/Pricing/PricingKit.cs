using System.Text;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;
using CostAttribution.RateCards;

namespace CostAttribution.UnitTests.Pricing;

/// <summary>Short ways to make books, requests and costs in tests.</summary>
internal static class PricingKit
{
    public static readonly RateBook Shipped = RateCardFiles.Load(null).Book
        ?? throw new InvalidOperationException("shipped cards have faults");

    public static PricingRequest Call(string provider, string model, string at = "2026-11-01", string tier = "",
        string region = "",
        string requestModel = "", string? seller = null) => new()
    {
        Provider = provider, Model = model, RequestModel = requestModel, Region = region, ServiceTier = tier, Seller = seller,
        EventTimeNanos = Nanos(at),
    };

    public static long Nanos(string at) => RateCardTime.TryParse(at, out var nanos) ? nanos : throw new FormatException(at);

    public static CostBreakdown Price(this RateBook book, in PricingRequest request, in UsageVector usage)
    {
        CostBreakdown cost = default;
        Pricer.Price(book, in request, in usage, ref cost);
        return cost;
    }

    /// <summary>One file of cards under provider <c>acme</c>.</summary>
    public static string Cards(string cards, string head = "") =>
        new StringBuilder("format: 1\nprovider: acme\n").Append(head).Append("cards:\n").Append(cards).ToString();

    public static RateBook Book(string cards, string head = "")
    {
        var loaded = RateCardLoader.Load([("test.yaml", Cards(cards, head))]);
        Assert.True(loaded.IsSound, loaded.FaultText);
        return loaded.Book;
    }

    public static Money Usd(string text) => Money.Parse(text);
}
