using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.RateCards;
using CostAttribution.Testing.Costing;

namespace CostAttribution.UnitTests.Costing;

/// <summary>A fee per request is no quantity on the span: the call itself is the quantity.</summary>
public sealed class RequestFeeTests
{
    private const string Cards = """
        format: 1
        providers: [perplexity]
        source: test
        checked: 2026-11-22
        recorded_at: 2026-11-22
        cards:
          - id: sonar
            match: [sonar]
            rates:
              input_tokens: 1.00 per 1M
              output_tokens: 1.00 per 1M
              requests: 5.00 per 1K
          - id: plain
            match: [plain]
            rates:
              input_tokens: 1.00 per 1M
              output_tokens: 1.00 per 1M
        """;

    [Fact]
    public void A_card_with_a_fee_per_request_charges_every_call_once()
    {
        var entry = Assert.Single(Cost(Call("a", "sonar")).Entries);

        Assert.Equal(PriceStatus.Priced, entry.Cost.Status);
        Assert.Equal(Money.Parse("0.005300"), entry.Cost.Cost);
        Assert.Equal("requests:1", Units(entry));
    }

    [Fact]
    public void A_card_without_such_a_fee_knows_no_requests()
    {
        var entry = Assert.Single(Cost(Call("a", "plain")).Entries);

        Assert.Equal(PriceStatus.Priced, entry.Cost.Status);
        Assert.Equal(Money.Parse("0.000300"), entry.Cost.Cost);
        Assert.Null(entry.Usage.OtherUnits);
    }

    [Fact]
    public void Two_reports_of_one_call_owe_one_fee_and_a_failed_attempt_owes_none()
    {
        var agent = new SpanPlan { Id = "agent", EndMillis = 90, Attributes = [new("gen_ai.operation.name", "invoke_agent"),
            new("gen_ai.usage.input_tokens", 200L), new("gen_ai.usage.output_tokens", 100L)] };
        var outer = Call("a", "sonar") with { Parent = "agent", Scope = "one", StartMillis = 10, EndMillis = 80 };
        var inner = Call("b", "sonar") with { Parent = "a", Scope = "two", StartMillis = 20, EndMillis = 70 };
        var failed = new SpanPlan { Id = "c", Parent = "agent", Status = Domain.Tracing.SpanStatus.Error,
            Attributes = [new("gen_ai.operation.name", "chat"), new("gen_ai.request.model", "sonar")] };

        var entries = Cost(agent, outer, inner, failed).Entries;

        Assert.Equal(2, entries.Count);
        Assert.Equal("requests:1", Units(Assert.Single(entries, entry => entry.Calls == 1)));
        Assert.Equal("", Units(Assert.Single(entries, entry => entry.FailedCalls == 1)));
    }

    private static SpanPlan Call(string id, string model) => new()
    {
        Id = id,
        Attributes =
        [
            new("gen_ai.operation.name", "chat"), new("gen_ai.provider.name", "perplexity"),
            new("gen_ai.request.model", model), new("gen_ai.usage.input_tokens", 200L),
            new("gen_ai.usage.output_tokens", 100L),
        ],
    };

    private static TraceCosts Cost(params SpanPlan[] spans)
    {
        var loaded = RateCardLoader.Load([("cards.yaml", Cards)]);
        Assert.True(loaded.Book is not null, loaded.FaultText);
        using var trace = TracePlan.Collect(spans);
        var costs = new TraceCosts();
        new TraceCosting().Cost(trace, TraceContext.Empty with { Final = true }, loaded.Book, AttributionTable.Default, costs);
        return costs;
    }

    private static string Units(LedgerEntry entry) =>
        string.Join(',', (entry.Usage.OtherUnits ?? []).Select(unit => $"{unit.Unit}:{unit.Quantity}"));
}
