using System.Globalization;
using CostAttribution.Api.Runs;
using CostAttribution.Domain.Pricing;
using CostAttribution.StoreTests.Engine;

namespace CostAttribution.StoreTests.Api;

public sealed class RunsOnTheEngineTests(EngineFixture engine)
{
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";

    [Theory]
    [InlineData("-startedAt")]
    [InlineData("startedAt")]
    [InlineData("-cost")]
    [InlineData("cost")]
    [InlineData("-duration")]
    [InlineData("duration")]
    [InlineData("-retryCost")]
    [InlineData("-calls")]
    [InlineData("calls")]
    public async Task Pages_show_every_run_once_in_order(string sort)
    {
        await using var store = await ApiStore.OpenAsync(engine);
        await FillRunsAsync(store, 57);

        var seen = new List<RunSummary>();
        string? cursor = null;
        do
        {
            var page =
                await store.RunsAsync($"from=2026-01-01&to=2026-02-01&sort={sort}&limit=10"
                + (cursor is null ? "" : $"&cursor={cursor}"));
            Assert.InRange(page.Runs.Count, 1, 10);
            seen.AddRange(page.Runs);
            cursor = page.NextCursor;
        }
        while (cursor is not null);

        Assert.Equal(57, seen.Select(run => run.RunId).Distinct().Count());
        Assert.Equal(57, seen.Count);
        var key = sort.TrimStart('-') switch
        {
            "startedAt" => seen.Select(run => (Int128)run.StartedAt.UtcTicks),
            "cost" => seen.Select(run => run.Cost.PicoUsd),
            "retryCost" => seen.Select(run => run.RetryCost.PicoUsd),
            "duration" => seen.Select(run => (Int128)run.DurationMs),
            _ => seen.Select(run => (Int128)run.Calls),
        };
        Assert.Equal(sort[0] == '-' ? key.OrderDescending() : key.Order(), key);
    }

    [Theory]
    [InlineData("customer=c1", 19)]
    [InlineData("customer=c1&customer=", 38)]
    [InlineData("status=failed", 14)]
    [InlineData("status=failed&status=open", 29)]
    [InlineData("minCost=5", 52)]
    [InlineData("minCost=5.000000000001", 51)]
    [InlineData("workflow=nothing", 0)]
    public async Task Filters_select_the_runs_they_name(string filter, int expected)
    {
        await using var store = await ApiStore.OpenAsync(engine);
        await FillRunsAsync(store, 57);

        var page = await store.RunsAsync("from=2026-01-01&to=2026-02-01&limit=100&" + filter);

        Assert.Equal(expected, page.Runs.Count);
    }

    [Fact]
    public async Task A_run_shows_its_tree_with_net_costs()
    {
        await using var store = await ApiStore.OpenAsync(engine);
        await InsertTraceAsync(store);

        var answer = await store.RunAsync("run-7");

        Assert.NotNull(answer);
        Assert.Equal(3, answer.SpanCount);
        var root = Assert.Single(answer.Spans);
        Assert.Equal("desk", root.Name);
        Assert.Equal("aggregate", root.Ownership);
        Assert.Equal(Money.Parse("1.5"), root.CostWithChildren);
        var call = root.Children[0];
        Assert.Equal(Money.Parse("1.5"), call.Cost);
        Assert.Equal("acme", Assert.Single(call.Items).Attribution.Customer);
        Assert.Equal(["tier_unknown"], call.Items[0].Flags);
        Assert.Equal("00000000000000a2", root.Children[1].SupersededBy!.SpanId);
        Assert.Equal(answer.Run.Cost, root.CostWithChildren);
    }

    [Fact]
    public async Task A_corrected_span_is_explained_with_all_its_rows_and_the_source_of_its_customer()
    {
        await using var store = await ApiStore.OpenAsync(engine);
        await InsertTraceAsync(store);

        var answer = await store.ExplainAsync(Trace, "00000000000000a2");

        Assert.NotNull(answer);
        Assert.Equal(["usage", "reversal", "usage"], answer.Rows.Select(row => row.Row.EntryKind));
        Assert.Equal(Money.Parse("1.5"), answer.Cost);
        Assert.Equal("00000000000000a1", answer.Reasons.Single(reason => reason.Topic == "customer").Span!.SpanId);
        var input = Assert.Single(answer.Components);
        Assert.Equal(Money.Parse("1500"), input.UnitPrice);
        Assert.True(input.Exact);
    }

    [Fact]
    public async Task A_span_without_rows_is_explained_from_its_facts()
    {
        await using var store = await ApiStore.OpenAsync(engine);
        await InsertTraceAsync(store);

        var answer = await store.ExplainAsync(Trace, "00000000000000a3");

        Assert.NotNull(answer);
        Assert.Empty(answer.Rows);
        Assert.Equal("superseded", answer.PriceStatus);
        Assert.Equal(1000, answer.Reported["input_tokens"]);
        Assert.Equal("/api/v1/spans/" + Trace + "/00000000000000a2/explain", answer.SupersededBy!.Explain);
    }

    [Fact]
    public async Task A_run_id_that_looks_like_sql_finds_nothing()
    {
        await using var store = await ApiStore.OpenAsync(engine);
        await InsertTraceAsync(store);

        Assert.Null(await store.RunAsync("' OR 1 = 1 --"));
        Assert.Null(await store.RunAsync("run-7\\"));
        Assert.Null(await store.RunAsync("{run:String}"));
    }

    // Run i starts i hours into January and costs i dollars; some ties in every other key.
    private static Task FillRunsAsync(ApiStore store, int runs) => store.Transport.RunAsync(string.Create(
        CultureInfo.InvariantCulture, $$"""
        INSERT INTO run_segments (run_id, trace_id, revision, posted_at, started_at, ended_at, workflow, customer_id, status,
            steps, calls, cost, list_cost, retry_cost)
        SELECT concat('run-', toString(number)), concat('t', toString(number)), 1, '2026-01-20 00:00:00',
            toDateTime64('2026-01-01 00:00:00', 6, 'UTC') + toIntervalHour(intDiv(number, 2)),
            toDateTime64('2026-01-01 00:00:00', 6, 'UTC') + toIntervalHour(intDiv(number, 2)) + toIntervalSecond(number % 7),
            'triage', ['', 'c1', 'c2'][number % 3 + 1], ['open', 'completed', 'failed', 'incomplete'][number % 4 + 1],
            1, number % 5, toDecimal128(number, 12), toDecimal128(number, 12), toDecimal128(number % 3, 12) / 7
        FROM numbers({{runs}})
        """));

    private static async Task InsertTraceAsync(ApiStore store)
    {
        await store.Transport.RunAsync($"""
            INSERT INTO trace_facts (trace_id, revision, posted_at, settled, run_id, span_ids, parent_span_ids, names,
                services, scopes, start_times, end_times,
                roles, ownerships, superseded_bys, dialects, flags, customers, features, excess, reported)
            VALUES ('{Trace}', 1, '2026-01-01 10:31:00', true, 'run-7', ['00000000000000a1', '00000000000000a2',
                '00000000000000a3'],
                ['', '00000000000000a1', '00000000000000a1'], ['desk', 'chat gpt-5', 'POST'], ['svc', 'svc', 'svc'], ['s',
                    's', 's'],
                ['2026-01-01 10:30:00', '2026-01-01 10:30:01', '2026-01-01 10:30:02'], ['2026-01-01 10:30:09',
                    '2026-01-01 10:30:05', '2026-01-01 10:30:04'],
                ['container', 'leaf', 'leaf'], ['aggregate', 'owner', 'duplicate'], ['', '', '00000000000000a2'],
                    ['otel_genai', 'otel_genai', 'otel_genai'],
                [[], ['tier_unknown'], []], ['acme', 'acme', 'acme'], ['', '', ''], [map(), map(), map()], [map(), map(),
                    map('input_tokens', 1000)])
            """);
        await store.Transport.RunAsync($"""
            INSERT INTO run_segments (run_id, trace_id, revision, posted_at, started_at, ended_at, workflow, customer_id,
                status, calls, cost)
            VALUES ('run-7', '{Trace}', 1, '2026-01-01 10:31:00', '2026-01-01 10:30:00', '2026-01-01 10:30:09', 'triage',
                'acme', 'completed', 1, 1.5)
            """);
        foreach (var (entry, corrects, sign, kind, customer) in new[] { ("c3", "00", 1, "usage", "acme"),
            ("a1", "00", 1, "usage", ""), ("b2", "a1", -1, "reversal", "") })
        {
            var s = sign.ToString(CultureInfo.InvariantCulture);
            await store.InsertRowAsync(("event_time", "'2026-01-01 10:30:01'"),
                ("posted_at", entry == "a1" ? "'2026-01-01 10:30:30'" : "'2026-01-01 10:31:00'"),
                ("entry_kind", $"'{kind}'"), ("cost_kind", "'usage'"), ("sign", s),
                    ("entry_id", $"unhex('{entry.PadLeft(32, '0')}')"),
                ("corrects", $"unhex('{corrects.PadLeft(32, '0')}')"), ("reason", entry == "a1" ? "'first'" : "'late_parent'"),
                    ("trace_id", $"'{Trace}'"),
                ("span_id", "'00000000000000a2'"), ("parent_span_id", "'00000000000000a1'"), ("run_id", "'run-7'"),
                    ("customer_id", $"'{customer}'"),
                ("customer_evidence", customer.Length == 0 ? "'none'" : "'ancestor'"), ("ownership", "'owner'"),
                    ("flags", "['tier_unknown']"),
                ("calls", s), ("input_tokens", $"{s} * 1000"), ("input_cost", $"{s} * 1.5"), ("cost", $"{s} * 1.5"),
                    ("price_status", "'priced'"));
        }
    }
}
