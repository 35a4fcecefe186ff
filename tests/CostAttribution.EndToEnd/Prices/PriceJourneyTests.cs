using System.Globalization;
using System.Text.Json;
using CostAttribution.EndToEnd.Hosting;
using CostAttribution.EndToEnd.Intake;
using CostAttribution.EndToEnd.Ledger;
using CostAttribution.EndToEnd.Startup;

namespace CostAttribution.EndToEnd.Prices;

/// <summary>Prices that are missing or change, as an operator meets them: reports, files and verbs against a running server.</summary>
public sealed class PriceJourneyTests
{
    private const string Standing = """
        SELECT trace_id, span_id, cost_item, customer_id, feature_id, provider, model, price_status, rate_id, sum(cost), sum(list_cost),
            sum(calls), sum(input_tokens), sum(cache_read_tokens), sum(output_tokens)
        FROM cost_ledger GROUP BY ALL HAVING sum(sign) = 1 ORDER BY ALL
        """;

    // nova-9 is nobody's model here; comet-2 another source knows, which is wrong about gpt-4o by a factor of 100.
    private const string Elsewhere = """
        { "acme": { "id": "acme", "models": { "comet-2": { "id": "comet-2", "cost": { "input": 2, "output": 8 } } } },
          "openai": { "id": "openai", "models": { "gpt-4o": { "id": "gpt-4o", "cost": { "input": 250, "output": 1000 } } } } }
        """;

    [Fact]
    public async Task Usage_without_a_price_is_priced_by_the_cards_that_are_published_as_if_they_had_been_there_from_the_start()
    {
        using var data = new TempDirectory();
        var cards = Directory.CreateDirectory(Path.Combine(data.Path, "cards")).FullName;
        var traces = Enumerable.Range(0, 3).Select(_ => new JsonTrace()).ToArray();
        var requests = traces.Select((trace, at) => JsonTrace.Request(
            trace.Root(1, $"c-{at % 2}"), trace.Chat(2, 1, "nova-9", 1000, 200, 300), trace.Chat(3, 1, "gpt-4o", 500, 0, 100),
            Comet(trace, 4))).ToArray();

        string[] repriced;
        string customers;
        await using (var server = await StartAsync(data))
        {
            await SendAsync(server, traces, requests);
            var rows = (await server.Api.GetAsync("/api/v1/unpriced")).GetProperty("rows").EnumerateArray().ToList();
            Assert.Equal(
            [
                ("acme", "comet-2", "input_tokens", 3000L, 3L, "unknownModel"), ("acme", "comet-2", "output_tokens", 900, 3, "unknownModel"),
                ("openai", "nova-9", "cache_read_tokens", 600, 3, "unknownModel"), ("openai", "nova-9", "input_tokens", 2400, 3, "unknownModel"),
                ("openai", "nova-9", "output_tokens", 900, 3, "unknownModel"),
            ], rows.Select(row => (row.Text("provider"), row.Text("model"), row.Text("unit"), row.Count("quantity"), row.Count("calls"),
                row.Text("reason"))).Order());
            Assert.All(rows, row => Assert.True(row.Amount("atRiskCost") > 0
                && string.CompareOrdinal(row.Text("firstSeen"), row.Text("lastSeen")) < 0));

            await ImportAsync(data, server, cards);
            var own = await WriteOwnAsync(data, server, cards);

            var whatIf = await RunAsync(data, 0, "what-if", "--cards", own, "--json", "--server", server.ApiUrl.ToString());
            var told = await RunAsync(data, 0, "rates", "publish", own, "--server", server.ApiUrl.ToString());
            Assert.Equal("  added    own/openai/nova-9", told.Lines[0]);
            // A dry run of the new book began with the publication; it has the turn.
            await Eventually.GetAsync(() => server.Api.GetAsync("/api/v1/repricings"),
                all => all.GetProperty("repricings").EnumerateArray().All(one => one.Text("state") != "running"), server.ToString);
            var done = await RunAsync(data, 0, "reprice", "--json", "--server", server.ApiUrl.ToString());
            var again = await RunAsync(data, 0, "reprice", "--server", server.ApiUrl.ToString());

            // 800 x 3 + 200 x 0.3 + 300 x 15 and 1000 x 2 + 300 x 8 per million, three times.
            Assert.Equal((6, "0.034080000000"), (Report(done).Count("rowsChanged"), Report(done).Text("difference")));
            Assert.Equal((Report(done).Count("rowsChanged"), Report(done).Text("difference")),
                (Report(whatIf).Count("rowsChanged"), Report(whatIf).Text("difference")));
            Assert.Contains("9 rows looked at, 0 corrected: 0.040830000000 -> 0.040830000000 USD", again.Lines[0], StringComparison.Ordinal);
            Assert.Empty((await server.Api.GetAsync("/api/v1/unpriced")).GetProperty("rows").EnumerateArray());
            var shown = await RunAsync(data, 0, "rates", "show", "--provider", "openai", "--model", "nova-9", "--server", server.ApiUrl.ToString());
            Assert.Contains(shown.Lines, line => line.StartsWith("own/openai/nova-9 (list, USD) own.yaml:", StringComparison.Ordinal));
            var unknown = await RunAsync(data, 0, "rates", "show", "--provider", "openai", "--model", "nova-9", "--known-at", "2026-01-01",
                "--server", server.ApiUrl.ToString());
            Assert.Contains("no card prices it", unknown.Lines[0], StringComparison.Ordinal);
            (repriced, customers) = await LedgerAsync(server);
        }

        using var fresh = new TempDirectory();
        await using var right = await StartAsync(fresh, "--RateCards:Directory", cards);
        await SendAsync(right, traces, requests);

        Assert.Equal((await LedgerAsync(right)).Rows, repriced);
        Assert.Equal((await LedgerAsync(right)).Customers, customers);
    }

    private const string Rules = """
        format: 1
        recorded_at: 2026-01-01
        cards: []
        cost_rules:
          - { name: reads, when: { span_name: query index }, unit: vector_read_units, quantity: { attribute: db.reads }, price: 16.00 per 1M }
          - { name: tool, when: { span_name: { prefix: "execute_tool " } }, unit: tool_calls, price: 5.00 per 1K }
          - { name: rerank, when: { span_name: rerank }, unit: rerank_searches, quantity: { attribute: rerank.searches }, price: 2.00 per 1K }
          - { name: gpu, when: { span_name: infer }, unit: gpu_milliseconds, price: 3.60 per hour,
              quantity: { duration: true, times_attribute: gpu.count } }

        """;

    [Fact]
    public async Task What_cost_rules_find_is_in_every_total_follows_a_changed_price_and_is_no_money_where_it_cannot_be_read()
    {
        using var data = new TempDirectory();
        var cards = Directory.CreateDirectory(Path.Combine(data.Path, "cards")).FullName;
        await File.WriteAllTextAsync(Path.Combine(cards, "rules.yaml"), Rules, TestContext.Current.CancellationToken);
        await using var server = await StartAsync(data, "--RateCards:Directory", cards);
        using var sql = new SqlClient(server.Sql!);
        var trace = new JsonTrace();
        await server.Otlp.SendJsonAsync(JsonTrace.Request(
            trace.Root(1, "c-items"), trace.Chat(2, 1, "gpt-4o", 500, 0, 100), trace.Span(3, 1, "query index", ("db.reads", 1000L)),
            trace.Span(4, 1, "execute_tool search"), trace.Span(5, 1, "infer", ("gpu.count", 4L)), trace.Span(6, 1, "rerank", ("rerank.searches", "3"))));
        string[] hostile = ["NaN", "-5", "9223372036854775808", "1e3", "twelve", "0x10", "Infinity", "1,000", ""];
        foreach (var value in hostile)
        {
            var bad = new JsonTrace();
            await server.Otlp.SendJsonAsync(JsonTrace.Request(bad.Root(1, "c-hostile"), bad.Span(2, 1, "query index", ("db.reads", value))));
        }
        var run = await server.Api.SettledRunAsync(trace.Id, spans: 6, calls: 1);
        await Settled.NothingOpenAsync(server, server.ToString);

        // 1000 reads, one tool call, 4 x 995 ms of a GPU, three searches, and the call.
        Assert.Equal(
            ["\t0.00225\t1", "gpu\t0.00398\t0", "reads\t0.016\t0", "rerank\t0.006\t0", "tool\t0.005\t0"],
            await sql.QueryAsync("SELECT cost_item, sum(cost), sum(calls) FROM cost_ledger "
                + "WHERE customer_id = 'c-items' GROUP BY cost_item ORDER BY cost_item"));
        Assert.Equal("0.033230000000", run.GetProperty("run").Text("cost"));
        Assert.Equal("0.033230000000", (await server.Api.CostOfRunAsync(trace.Id))!.Value.Text("cost"));
        Assert.Equal(0.03323m, await CostOfAsync(server, "c-items"));
        Assert.Equal([$"unpriced_unit\t0\t{hostile.Length}"], await sql.QueryAsync(
            "SELECT price_status, sum(cost), sum(sign) FROM cost_ledger WHERE customer_id = 'c-hostile' AND cost_item = 'reads' GROUP BY price_status"));
        Assert.Equal(0m, await CostOfAsync(server, "c-hostile"));

        var dearer = Path.Combine(data.Path, "dearer.yaml");
        await File.WriteAllTextAsync(dearer, """
            format: 1
            cards: []
            cost_rules:
              - { name: reads, when: { span_name: query index, attributes: { db.kind: serverless } }, unit: vector_read_units,
                  quantity: { attribute: db.reads }, price: 32.00 per 1M }

            """, TestContext.Current.CancellationToken);
        var dry = await RunAsync(data, 0, "rates", "publish", "--dry-run", dearer, "--server", server.ApiUrl.ToString());
        Assert.Contains(dry.Lines, line => line.StartsWith("attribute 'db.kind' is not read before", StringComparison.Ordinal));
        await File.WriteAllTextAsync(dearer, (await File.ReadAllTextAsync(dearer, TestContext.Current.CancellationToken))
            .Replace(", attributes: { db.kind: serverless }", "", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        var published = await RunAsync(data, 0, "rates", "publish", dearer, "--server", server.ApiUrl.ToString());
        Assert.DoesNotContain(published.Lines, line => line.Contains("is not read before", StringComparison.Ordinal));
        await Eventually.GetAsync(() => server.Api.GetAsync("/api/v1/repricings"),
            all => all.GetProperty("repricings").EnumerateArray().All(one => one.Text("state") != "running"), server.ToString);
        var done = await RunAsync(data, 0, "reprice", "--json", "--server", server.ApiUrl.ToString());

        Assert.Equal((1, "0.016000000000"), (Report(done).Count("rowsChanged"), Report(done).Text("difference")));
        Assert.Equal(0.04923m, await CostOfAsync(server, "c-items"));
        Assert.Equal(0m, await CostOfAsync(server, "c-hostile"));
        var totals = await Eventually.GetAsync(() => server.Api.GetAsync($"/api/v1/runs/{trace.Id}"),
            answer => answer.GetProperty("run").Text("cost") == "0.049230000000", server.ToString);
        Assert.Equal(1, totals.GetProperty("run").Count("calls"));
    }

    private static object Comet(JsonTrace trace, int number) => trace.Span(number, 1, "chat comet-2",
        ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "acme"), ("gen_ai.request.model", "comet-2"),
        ("gen_ai.response.model", "comet-2"), ("gen_ai.response.id", $"c-{trace.Id}-{number}"),
        ("gen_ai.usage.input_tokens", 1000L), ("gen_ai.usage.output_tokens", 300L));

    private static Task<ServerProcess> StartAsync(TempDirectory data, params string[] settings) =>
        ServerProcess.StartAsync(data, [.. settings, "--ClickHouse:HttpPort", ServerProcess.FreePort()]);

    private static async Task SendAsync(ServerProcess server, JsonTrace[] traces, byte[][] requests)
    {
        foreach (var request in requests) await server.Otlp.SendJsonAsync(request);
        foreach (var trace in traces) await server.Api.SettledRunAsync(trace.Id, spans: 4, calls: 3);
    }

    /// <summary>A third party's file becomes cards, and the cards a publication.</summary>
    private static async Task ImportAsync(TempDirectory data, ServerProcess server, string cards)
    {
        var file = Path.Combine(data.Path, "api.json");
        await File.WriteAllTextAsync(file, Elsewhere, TestContext.Current.CancellationToken);
        var dry = await RunAsync(data, 0, "rates", "import", "--models-dev", file);
        Assert.Equal("dry run, nothing was written; --write DIRECTORY writes these cards", dry.Lines[^1]);
        Assert.Contains(dry.Lines, line => line.Contains("a factor of 100 (cents for dollars?)", StringComparison.Ordinal));
        Assert.Empty(Directory.GetFiles(cards));
        await RunAsync(data, 0, "rates", "import", "--models-dev", file, "--write", cards);
        var told = await RunAsync(data, 0, "rates", "publish", cards, "--server", server.ApiUrl.ToString());
        Assert.Equal("  added    imported/acme/comet-2", told.Lines[0]);
    }

    /// <summary>The report's own file, its prices filled in; as it comes it is refused by line.</summary>
    private static async Task<string> WriteOwnAsync(TempDirectory data, ServerProcess server, string cards)
    {
        var report = await server.Api.GetAsync("/api/v1/unpriced");
        Assert.Equal(["acme pricedSince", "openai unknownModel"], report.GetProperty("rows").EnumerateArray()
            .Select(row => $"{row.Text("provider")} {row.Text("reason")}").Distinct().Order(StringComparer.Ordinal));
        var text = report.Text("cardFile");
        Assert.DoesNotContain("comet-2", text, StringComparison.Ordinal);
        var own = Path.Combine(cards, "own.yaml");
        await File.WriteAllTextAsync(own, text, TestContext.Current.CancellationToken);
        var refused = await RunAsync(data, 3, "rates", "publish", own, "--server", server.ApiUrl.ToString());
        Assert.StartsWith("own.yaml:10: price of 'cache_read_tokens' is 'PRICE'", refused.Lines[0], StringComparison.Ordinal);
        Assert.EndsWith("stays in force", refused.Lines[^1], StringComparison.Ordinal);
        foreach (var (unit, price) in new[] { ("cache_read_tokens", "0.30"), ("input_tokens", "3.00"), ("output_tokens", "15.00") })
            text = text.Replace($"      {unit}: PRICE", $"      {unit}: {price}", StringComparison.Ordinal);
        await File.WriteAllTextAsync(own, text, TestContext.Current.CancellationToken);
        return own;
    }

    private static async Task<(string[] Rows, string Customers)> LedgerAsync(ServerProcess server)
    {
        using var sql = new SqlClient(server.Sql!);
        var costs = await server.Api.GetAsync("/api/v1/costs?groupBy=customer,model");
        return (await sql.QueryAsync(Standing), costs.GetProperty("rows").GetRawText());
    }

    private static async Task<decimal> CostOfAsync(ServerProcess server, string customer) =>
        (await server.Api.GetAsync($"/api/v1/costs?customer={customer}")).GetProperty("total").Amount("cost");

    private static JsonElement Report(ServerRun run) => JsonElement.Parse(string.Join('\n', run.Lines));

    private static async Task<ServerRun> RunAsync(TempDirectory data, int code, params string[] arguments)
    {
        var run = await ServerRun.ToEndAsync(data, arguments);
        Assert.True(run.ExitCode == code, string.Create(CultureInfo.InvariantCulture,
            $"{string.Join(' ', arguments)}: exit code {run.ExitCode}\n{string.Join('\n', [.. run.Lines, .. run.Errors])}"));
        return run;
    }
}
