using CostAttribution.Domain.Pricing;
using CostAttribution.StoreTests.Engine;

namespace CostAttribution.StoreTests.Api;

public sealed class ReportsOnTheEngineTests(EngineFixture engine)
{
    private const string Range = "from=2026-01-01&to=2026-02-01";

    [Theory, InlineData(TransportKind.Embedded), InlineData(TransportKind.Http)]
    public async Task Reported_costs_are_laid_beside_ours_where_both_are_known(TransportKind kind)
    {
        await using var store = await ApiStore.OpenAsync(engine, kind);
        await InsertAsync(store, "01", 1, "a", "1", "1.25", "'priced'", "card", "['reported_cost_deviates']");
        await InsertAsync(store, "02", 1, "a", "2", "2", "'priced'", "card");
        await InsertAsync(store, "03", -1, "a", "2", "2", "'priced'", "card");
        await InsertAsync(store, "04", 1, "b", "0.5", "0.5", "'provider_reported'", "card", list: "0.4");
        await InsertAsync(store, "05", 1, "b", "7", "7", "'provider_reported'", "");
        await InsertAsync(store, "06", 1, "c", "9", "NULL", "'priced'", "card");
        await InsertAsync(store, "07", 1, "d", "3", "3", "'priced'", "card");
        await InsertAsync(store, "08", -1, "d", "3", "3", "'priced'", "card");

        var answer = await store.ReportedCostsAsync($"{Range}&groupBy=model");

        Assert.Equal(
            [
                "a 1 1 1.000000000000 1.250000000000 0.250000000000 25.00 1 0 0.000000000000 0 0.000000000000",
                "b 2 1 0.400000000000 0.500000000000 0.100000000000 25.00 0 2 7.500000000000 1 7.000000000000",
            ], answer.Rows.Select(row => Line(row.Group["model"], row.Figures)));
        Assert.Equal("total 3 2 1.400000000000 1.750000000000 0.350000000000 25.00 1 2 7.500000000000 1 7.000000000000",
            Line("total", answer.Total));
        Assert.Equal(["openai//a/2026-01-05", "openai//b/2026-01-05"], (await store.ReportedCostsAsync(Range)).Rows
            .Select(row => string.Join('/', row.Group.Values)));
        Assert.Equal(0, (await store.ReportedCostsAsync($"{Range}&model=nothing")).Total.Calls);

        static string Line(string name, CostAttribution.Api.ReportedCosts.ReportedCostFigures figures) =>
            $"{name} {figures.Calls} {figures.ComparedCalls} {figures.OurCost} {figures.TheirCost} {figures.DeviationCost} "
            + $"{figures.DeviationPercent} {figures.DeviatingCalls} {figures.TakenCalls} {figures.TakenCost} "
            + $"{figures.UncomparedCalls} {figures.UncomparedCost}";
    }

    [Theory, InlineData(TransportKind.Embedded), InlineData(TransportKind.Http)]
    public async Task Flags_are_counted_on_the_rows_that_stand(TransportKind kind)
    {
        await using var store = await ApiStore.OpenAsync(engine, kind);
        await InsertAsync(store, "01", 1, "a", "1", "NULL", "'priced'", "card", "['clamped', 'ttl_unknown']", span: "s1");
        await InsertAsync(store, "02", 1, "b", "2", "NULL", "'priced'", "card", "['clamped']", span: "s2");
        await InsertAsync(store, "03", 1, "b", "4", "NULL", "'priced'", "card", "['bad_value']", span: "s3");
        await InsertAsync(store, "04", -1, "b", "4", "NULL", "'priced'", "card", "['bad_value']", span: "s3");
        await InsertAsync(store, "05", 1, "b", "8", "NULL", "'priced'", "card", span: "s4");
        foreach (var revision in new[] { 1, 2 })
        {
            await store.Transport.RunAsync("INSERT INTO trace_facts (trace_id, revision, span_ids, services, dialects, parent_span_ids, "
                + $"names, scopes, start_times, end_times) VALUES ('t', {revision}, ['s1', 's2'], ['desk', 'shop'], "
                + $"['semconv', 'mastra'], ['', ''], ['', ''], ['', ''], [now64(), now64()], [now64(), now64()])");
        }

        var flags = await store.FlagsAsync(Range);
        var split = await store.FlagsAsync($"{Range}&groupBy=dialect,model,service&flag=clamped");
        var costs = await store.CostsAsync($"{Range}&flag=clamped&flag=bad_value");
        var groups = await store.CostsAsync($"{Range}&groupBy=flag");

        Assert.Equal(["clamped 2 2 3.000000000000", "ttl_unknown 1 1 1.000000000000"],
            flags.Rows.Select(row => $"{row.Flag} {row.Rows} {row.Calls} {row.Cost}"));
        Assert.Equal(["mastra,b,shop 1", "semconv,a,desk 1"],
            split.Rows.Select(row => $"{string.Join(',', row.Group.Values)} {row.Rows}"));
        Assert.Equal(Money.Parse("3"), costs.Total.Cost);
        Assert.Equal([" 8.000000000000", "clamped 2.000000000000", "clamped ttl_unknown 1.000000000000"],
            groups.Rows.Select(row => $"{row.Dimensions[0].Value} {row.Figures.Cost}"));
        Assert.Equal(Money.Parse("11"), groups.Total.Cost);
    }

    private static Task InsertAsync(ApiStore store, string entry, int sign, string model, string cost, string reported, string status,
        string rate, string flags = "[]", string? list = null, string? span = null) => store.InsertRowAsync(
        ("entry_id", $"unhex('{entry.PadLeft(32, '0')}')"), ("entry_kind", sign > 0 ? "'usage'" : "'reversal'"),
        ("cost_kind", "'usage'"), ("sign", $"{sign}"), ("trace_id", "'t'"), ("span_id", $"'{span ?? entry}'"),
        ("event_time", "'2026-01-05 10:00:00'"), ("provider", "'openai'"), ("model", $"'{model}'"), ("price_status", status),
        ("rate_id", $"'{rate}'"), ("calls", $"{sign}"), ("cost", $"{sign} * toDecimal128('{cost}', 12)"),
        ("list_cost", $"{sign} * toDecimal128('{list ?? cost}', 12)"),
        ("provider_reported_cost", reported == "NULL" ? "NULL" : $"{sign} * toDecimal128('{reported}', 12)"), ("flags", flags));
}
