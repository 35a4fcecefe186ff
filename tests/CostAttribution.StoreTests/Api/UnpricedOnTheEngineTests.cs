using CostAttribution.Api.Unpriced;
using CostAttribution.Domain.Pricing;
using CostAttribution.RateCards;
using CostAttribution.StoreTests.Engine;

namespace CostAttribution.StoreTests.Api;

public sealed class UnpricedOnTheEngineTests(EngineFixture engine)
{
    private const string Cards = """
        format: 1
        provider: openai
        cards:
          - { id: dear, match: [dear], rates: { input_tokens: 10.00 per 1M, output_tokens: 20.00 per 1M } }
        """;

    [Theory, InlineData(TransportKind.Embedded), InlineData(TransportKind.Http)]
    public async Task What_has_no_price_is_told_by_unit_net_of_corrections(TransportKind kind)
    {
        await using var store = await OpenAsync(kind);
        await InsertAsync(store, "01", 1, "11", "2026-01-01 10:00:00", "new", "unpriced_model", 1_000_000, 500_000);
        // posted, then corrected to a model that has a price
        await InsertAsync(store, "02", 1, "12", "2025-12-20 08:00:00", "new", "unpriced_model", 7, 7);
        await InsertAsync(store, "03", -1, "12", "2025-12-20 08:00:00", "new", "unpriced_model", -7, -7);
        await InsertAsync(store, "04", 1, "13", "2026-01-02 23:59:59.999999", "new", "unpriced_model", 10, 0);
        await InsertAsync(store, "05", 1, "14", "2026-01-01 11:00:00", "dear", "unpriced_unit", 3, 4, "map('pages', 5)");
        await InsertAsync(store, "06", 1, "15", "2026-01-01 12:00:00", "dear", "priced", 99, 99);
        await InsertAsync(store, "07", 1, "16", "2026-01-03 00:00:00", "new", "unpriced_model", 5, 5);

        var answer = await store.UnpricedAsync("from=2025-12-01&to=2026-01-03");

        Assert.Equal(
            [
                "new input_tokens UnknownModel 1000010 2 10.000100000000 Provider 01-01T10:00:00.000000 01-02T23:59:59.999999",
                "new output_tokens UnknownModel 500000 1 10.000000000000 Provider 01-01T10:00:00.000000 01-01T10:00:00.000000",
                "dear pages UnitNotOnCard 5 1  None 01-01T11:00:00.000000 01-01T11:00:00.000000",
            ], answer.Rows.Select(row => $"{row.Model} {row.Unit} {row.Reason} {row.Quantity} {row.Calls} {row.AtRiskCost} {row.Basis} "
                + $"{row.FirstSeen:MM-ddTHH:mm:ss.ffffff} {row.LastSeen:MM-ddTHH:mm:ss.ffffff}"));
        Assert.Equal((3, Money.Parse("20.0001"), 1, false),
            (answer.Calls, answer.AtRiskCost, answer.RowsWithoutBound, answer.Truncated));
        Assert.Equal("own/openai/new", Assert.Single(answer.Cards).Id);
        Assert.Equal("new input_tokens 2026-01-01 1000000\nnew input_tokens 2026-01-02 10\nnew input_tokens 2026-01-03 5",
            (await store.Transport.AskAsync("SELECT model, unit, day, quantity FROM unpriced_usage WHERE unit = 'input_tokens' ORDER BY ALL"))
            .Replace('\t', ' '));
    }

    [Fact]
    public async Task Filters_hold_and_the_limit_says_that_there_is_more()
    {
        await using var store = await OpenAsync(TransportKind.Embedded);
        await InsertAsync(store, "01", 1, "11", "2026-01-01 10:00:00", "a", "unpriced_model", 10, 10);
        await InsertAsync(store, "02", 1, "12", "2026-01-01 10:00:00", "b", "unpriced_model", 10, 10);

        var one = await store.UnpricedAsync("from=2026-01-01&to=2026-01-03&model=b&provider=openai&seller=");
        var cut = await store.UnpricedAsync("from=2026-01-01&to=2026-01-03&limit=1");

        Assert.Equal(["b", "b"], one.Rows.Select(row => row.Model));
        Assert.Equal((1, 1, true, Money.Parse("0.0006")), (one.Calls, cut.Rows.Count, cut.Truncated, cut.AtRiskCost));
        Assert.Empty((await store.UnpricedAsync("from=2026-01-01&to=2026-01-03&model=c")).Rows);
    }

    [Fact]
    public async Task A_cost_that_was_too_large_puts_every_unit_of_the_row_into_the_report()
    {
        await using var store = await OpenAsync(TransportKind.Embedded);
        await InsertAsync(store, "01", 1, "11", "2026-01-01 10:00:00", "dear", "unpriced_unit", 10, 10, flags: "['cost_overflow']", unit: "");

        var answer = await store.UnpricedAsync("from=2026-01-01&to=2026-01-03");

        Assert.Equal(["output_tokens", "input_tokens"], answer.Rows.Select(row => row.Unit));
        Assert.All(answer.Rows, row => Assert.Equal(UnpricedReason.CostOverflow, row.Reason));
        Assert.Equal("2", await store.Transport.AskAsync("SELECT count() FROM unpriced_usage"));
    }

    private async Task<ApiStore> OpenAsync(TransportKind kind)
    {
        var store = await ApiStore.OpenAsync(engine, kind);
        store.Rates = RateCardLoader.Load([("cards.yaml", Cards)]).Book!;
        return store;
    }

    private static Task InsertAsync(ApiStore store, string entry, int sign, string span, string time, string model, string status,
        long input, long output, string other = "map()", string flags = "[]", string unit = "pages") => store.InsertRowAsync(
        ("entry_id", $"unhex('{entry.PadLeft(32, '0')}')"), ("entry_kind", sign > 0 ? "'usage'" : "'reversal'"),
        ("cost_kind", "'usage'"), ("sign", $"{sign}"), ("trace_id", "'t'"), ("span_id", $"'{span}'"), ("event_time", $"'{time}'"),
        ("provider", "'openai'"), ("model", $"'{model}'"), ("price_status", $"'{status}'"),
        ("rate_id", status == "unpriced_model" ? "''" : "'dear'"), ("unpriced_unit", status == "unpriced_unit" ? $"'{unit}'" : "''"),
        ("input_tokens", $"{input}"), ("output_tokens", $"{output}"), ("other_units", other), ("calls", $"{sign}"),
        ("flags", flags));
}
