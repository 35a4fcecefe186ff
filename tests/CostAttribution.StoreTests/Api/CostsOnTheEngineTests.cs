using System.Globalization;
using CostAttribution.Api.Costs;
using CostAttribution.Domain.Pricing;
using CostAttribution.StoreTests.Engine;

namespace CostAttribution.StoreTests.Api;

public sealed class CostsOnTheEngineTests(EngineFixture engine)
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory, InlineData(TransportKind.Embedded, 1), InlineData(TransportKind.Http, 2)]
    public async Task Any_range_costs_what_a_plain_sum_over_the_ledger_says(TransportKind kind, int seed)
    {
        await using var store = await ApiStore.OpenAsync(engine, kind);
        await store.FillAsync(5_000, seed);
        var random = new Random(seed);
        for (var round = 0; round < 40; round++)
        {
            var (from, to) = RandomRange(random);

            var answer = await store.CostsAsync($"groupBy=customer,model&from={from}&to={to}&limit=10000");

            var expected = await PlainAsync(store, "customer_id, model", from, to, "");
            Assert.Equal(expected, Lines(answer.Rows));
            await AssertTotalAsync(store, answer, from, to, "");
        }
    }

    [Theory]
    [InlineData("groupBy=feature&customer=acme&customer=", "feature_id", "customer_id IN ('acme', '')")]
    [InlineData("groupBy=session,dim.tier", "session_id, dimensions['tier']", "1")]
    [InlineData("groupBy=feature&dim.tier=gold&session=s1&session=s2", "feature_id",
        "dimensions['tier'] = 'gold' AND session_id IN ('s1', 's2')")]
    [InlineData("groupBy=priceStatus,costKind&priceStatus=priced&priceStatus=no_usage",
        "toString(price_status), toString(cost_kind)", "price_status IN ('priced', 'no_usage')")]
    [InlineData("groupBy=day&timeZone=Europe/Berlin", "toString(toDate(event_time, 'Europe/Berlin'))", "1")]
    [InlineData("groupBy=day&timeZone=Asia/Kolkata", "toString(toDate(event_time, 'Asia/Kolkata'))", "1")]
    [InlineData("groupBy=month,customer", "formatDateTime(event_time, '%Y-%m'), customer_id", "1")]
    [InlineData("groupBy=hour", "formatDateTime(toStartOfHour(event_time), '%Y-%m-%dT%H:00:00Z')", "1")]
    public async Task Every_grouping_and_filter_means_what_it_says(string query, string groups, string condition)
    {
        await using var store = await ApiStore.OpenAsync(engine);
        await store.FillAsync(3_000, 7);
        const string From = "2026-01-02T03:15:00.000001Z", To = "2026-01-08T17:40:00Z";

        var answer = await store.CostsAsync($"{query}&from={From}&to={To}&limit=10000");

        Assert.NotEmpty(answer.Rows);
        Assert.Equal(await PlainAsync(store, groups, From, To, $"AND {condition}"), Lines(answer.Rows));
        await AssertTotalAsync(store, answer, From, To, $"AND {condition}");
    }

    [Fact]
    public async Task Rows_come_by_cost_and_the_limit_cuts_the_cheapest_while_the_total_stays_whole()
    {
        await using var store = await ApiStore.OpenAsync(engine);
        await store.FillAsync(2_000, 3);

        var all = await store.CostsAsync("groupBy=customer,feature&from=2026-01-01&to=2026-01-20");
        var cut = await store.CostsAsync("groupBy=customer,feature&from=2026-01-01&to=2026-01-20&limit=3");

        Assert.False(all.Truncated);
        Assert.True(cut.Truncated);
        Assert.Equal(all.Rows.Take(3).Select(row => row.Figures.Cost), cut.Rows.Select(row => row.Figures.Cost));
        Assert.Equal(all.Rows.Select(row => row.Figures.Cost).OrderDescending(), all.Rows.Select(row => row.Figures.Cost));
        Assert.Equal(all.Total.Cost, cut.Total.Cost);
        Assert.Equal(all.Total.Cost, all.Rows.Aggregate(Money.Zero, (sum, row) => sum + row.Figures.Cost));
        Assert.Equal(all.Total.UnattributedCost,
            all.Rows.Where(row => row.Dimensions[0].Value.Length == 0)
            .Aggregate(Money.Zero, (sum, row) => sum + row.Figures.Cost));
    }

    [Fact]
    public async Task Cost_that_moved_to_another_customer_leaves_no_row_behind()
    {
        await using var store = await ApiStore.OpenAsync(engine);
        foreach (var (entry, sign, customer) in new[] { ("01", 1, "wrong"), ("02", -1, "wrong"), ("03", 1, "right") })
        {
            await InsertAsync(store, entry, sign, customer, "2026-01-01 10:30:00");
        }

        var rollup = await store.CostsAsync("groupBy=customer&from=2026-01-01&to=2026-01-02");
        var ledger = await store.CostsAsync("groupBy=customer,session&from=2026-01-01&to=2026-01-02");

        Assert.Equal("right", Assert.Single(rollup.Rows).Dimensions[0].Value);
        Assert.Equal("right", Assert.Single(ledger.Rows).Dimensions[0].Value);
        Assert.Equal(Money.Parse("1.5"), rollup.Total.Cost);
        Assert.Equal(1, rollup.Total.Calls);
        Assert.Equal(2, rollup.Total.OtherUnits["images"]);
    }

    [Fact]
    public async Task A_failed_attempt_without_cost_is_still_a_row()
    {
        await using var store = await ApiStore.OpenAsync(engine);
        await store.InsertRowAsync(("event_time", "'2026-01-01 10:30:00'"), ("entry_kind", "'usage'"), ("cost_kind", "'usage'"),
            ("sign", "1"),
            ("customer_id", "'acme'"), ("failed_calls", "1"), ("price_status", "'no_usage'"));

        var answer = await store.CostsAsync("groupBy=customer&from=2026-01-01&to=2026-01-02");

        Assert.Equal(1, Assert.Single(answer.Rows).Figures.FailedCalls);
        Assert.Equal(Money.Zero, answer.Total.Cost);
    }

    [Fact]
    public async Task An_empty_store_answers_zeros()
    {
        await using var store = await ApiStore.OpenAsync(engine);

        var answer = await store.CostsAsync("groupBy=customer,day");
        var run = await store.RunAsync("r-1");

        Assert.Empty(answer.Rows);
        Assert.Equal(Money.Zero, answer.Total.Cost);
        Assert.Null(run);
        Assert.Empty((await store.RunsAsync("")).Runs);
        Assert.Null(await store.ExplainAsync("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"));
    }

    [Theory, InlineData(TransportKind.Embedded), InlineData(TransportKind.Http)]
    public async Task A_value_that_looks_like_sql_selects_only_the_customer_of_that_name(TransportKind kind)
    {
        string[] names =
            ["' OR 1 = 1 --", "\\' OR ''='", "a'); DROP TABLE cost_ledger; --", "{from:String}", "\\", "\\N", "\"quoted\"",
            "tab\\t", "über 🙂", "acme"];
        await using var store = await ApiStore.OpenAsync(engine, kind);
        for (var i = 0; i < names.Length; i++)
        {
            await InsertAsync(store, (i + 1).ToString("x2", CultureInfo.InvariantCulture), 1,
                names[i].Replace("\\", "\\\\").Replace("'", "\\'"), "2026-01-01 10:30:00");
        }

        foreach (var name in names)
        {
            var escaped = Uri.EscapeDataString(name);
            var byCustomer = await store.CostsAsync($"groupBy=customer&from=2026-01-01&to=2026-01-02&customer={escaped}");
            var byDimension = await store.CostsAsync($"groupBy=dim.{escaped}&from=2026-01-01&to=2026-01-02&dim.{escaped}=");

            var row = Assert.Single(byCustomer.Rows);
            Assert.Equal(name, row.Dimensions[0].Value);
            Assert.Equal(1, byCustomer.Total.Calls);
            Assert.Equal(names.Length, byDimension.Total.Calls);
        }
        Assert.Equal(names.Length, (await store.CostsAsync("from=2026-01-01&to=2026-01-02")).Total.Calls);
    }

    [Fact]
    public async Task Text_that_is_not_utf8_does_not_take_the_answer_down()
    {
        await using var store = await ApiStore.OpenAsync(engine);
        await InsertAsync(store, "01", 1, "a\\xFFb", "2026-01-01 10:30:00");

        var answer = await store.CostsAsync("groupBy=customer&from=2026-01-01&to=2026-01-02");

        Assert.Equal("a\uFFFDb", Assert.Single(answer.Rows).Dimensions[0].Value);
    }

    [Fact]
    public async Task A_question_that_was_called_off_is_not_answered()
    {
        await using var store = await ApiStore.OpenAsync(engine);
        using var calledOff = new CancellationTokenSource();
        await calledOff.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.CostsAsync("groupBy=customer", calledOff.Token));
    }

    private static Task InsertAsync(ApiStore store, string entry, int sign, string customer, string time)
    {
        var s = sign.ToString(CultureInfo.InvariantCulture);
        return store.InsertRowAsync(("event_time", $"'{time}'"), ("entry_kind", sign > 0 ? "'usage'" : "'reversal'"),
            ("cost_kind", "'usage'"), ("sign", s),
            ("entry_id", $"unhex('{entry.PadLeft(32, '0')}')"), ("customer_id", $"'{customer}'"), ("calls", s),
                ("cost", $"{s} * 1.5"), ("list_cost", $"{s} * 2"),
            ("input_tokens", $"{s} * 10"), ("other_units", $"map('images', {s} * 2)"));
    }

    private static (string From, string To) RandomRange(Random random)
    {
        var from = RandomTime(random);
        var to = RandomTime(random);
        if (to <= from) (from, to) = (to, from.AddTicks(10));
        return (Text(from), Text(to));
    }

    private static DateTimeOffset RandomTime(Random random) => random.Next(4) switch
    {
        0 => Start.AddHours(random.Next(240)),
        1 => Start.AddHours(random.Next(1, 240)).AddTicks(-10),
        2 => Start.AddMinutes(random.Next(14_400)),
        _ => Start.AddTicks(random.NextInt64(864_000_000_000) * 10),
    };

    private static string Text(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    private static string InStore(string time) => $"'{time.Replace('T', ' ').TrimEnd('Z')}'";

    private const string Sums = """
        sum(cost), sum(list_cost), sum(retry_cost), sum(calls), sum(input_tokens), sum(output_tokens),
        sumIf(calls, price_status IN ('unpriced_model', 'unpriced_unit')), sumIf(calls, price_status = 'no_usage'),
            sum(other_units['images'])
        """;

    private static async Task<List<string>> PlainAsync(ApiStore store, string groups, string from, string to, string condition)
    {
        var text = await store.Transport.AskAsync($"""
            SELECT {groups}, {Sums} FROM cost_ledger
            WHERE event_time >= {InStore(from)} AND event_time < {InStore(to)} {condition}
            GROUP BY ALL HAVING sum(sign) != 0
            SETTINGS output_format_decimal_trailing_zeros = 1
            """);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Replace("\\'", "'"))
            .Order(StringComparer.Ordinal)];
    }

    private static List<string> Lines(IEnumerable<CostRow> rows) =>
        [.. rows.Select(row => string.Join('\t', [.. row.Dimensions.Select(pair => pair.Value), .. Figures(row.Figures)]))
            .Order(StringComparer.Ordinal)];

    private static string[] Figures(CostFigures figures) =>
    [
        figures.Cost.ToString(), figures.ListCost.ToString(), figures.RetryCost.ToString(),
        .. new[]
        {
            figures.Calls, figures.InputTokens, figures.OutputTokens, figures.UnpricedCalls, figures.UsageMissingCalls,
            figures.OtherUnits.GetValueOrDefault("images"),
        }.Select(count => count.ToString(CultureInfo.InvariantCulture)),
    ];

    private static async Task AssertTotalAsync(ApiStore store, GetCosts.Answer answer, string from, string to, string condition)
    {
        var text = await store.Transport.AskAsync($"""
            SELECT {Sums}, sumIf(cost, customer_id = '') FROM cost_ledger
            WHERE event_time >= {InStore(from)} AND event_time < {InStore(to)} {condition}
            SETTINGS output_format_decimal_trailing_zeros = 1
            """);
        Assert.Equal(text, string.Join('\t', [.. Figures(answer.Total), answer.Total.UnattributedCost.ToString()]));
    }
}
