using System.Net;
using CostAttribution.EndToEnd.Hosting;
using CostAttribution.EndToEnd.Intake;

namespace CostAttribution.EndToEnd.Answers;

/// <summary>One trace, and every answer about it down to the last digit.</summary>
public sealed class KnownTraceTests(SharedServer shared)
{
    [Fact]
    public async Task A_call_reported_twice_is_explained_on_both_spans_and_billed_on_one()
    {
        var server = await shared.GetAsync();
        var trace = new JsonTrace();
        await server.Otlp.SendJsonAsync(JsonTrace.Request(
            trace.Root(1, "c-known"),
            trace.Chat(2, 1, "gpt-4.1-mini", 2150, 1792, 160, "same"), trace.Chat(3, 2, "gpt-4.1-mini", 2150, 1792, 160, "same")));
        await server.Api.SettledRunAsync(trace.Id, spans: 3, calls: 1);

        var billed = await server.Api.GetAsync($"/api/v1/spans/{trace.Id}/{JsonTrace.SpanId(3)}/explain");
        var outer = await server.Api.GetAsync($"/api/v1/spans/{trace.Id}/{JsonTrace.SpanId(2)}/explain");

        Assert.Equal(("owner", "priced", "0.000578400000"), (billed.Text("ownership"), billed.Text("priceStatus"), billed.Text("cost")));
        Assert.Equal(
            [("input", "0.000143200000"), ("cache_read", "0.000179200000"), ("output", "0.000256000000")],
            billed.GetProperty("components").EnumerateArray().Select(component => (component.Text("component"), component.Text("cost"))));
        Assert.Equal(
            ["0.400000000000", "0.100000000000", "1.600000000000"],
            billed.GetProperty("components").EnumerateArray().Select(component => component.Text("unitPrice")));
        var row = Assert.Single(billed.GetProperty("rows").EnumerateArray()).GetProperty("row");
        Assert.Equal(("first", "usage", "0.000578400000"), (row.Text("reason"), row.Text("entryKind"), row.Text("cost")));
        Assert.Equal("openai/gpt-4.1-mini", row.Text("rateId"));
        var usage = row.GetProperty("usage");
        Assert.Equal((358, 1792, 160), (usage.Count("inputTokens"), usage.Count("cacheReadTokens"), usage.Count("outputTokens")));
        var attribution = row.GetProperty("attribution");
        Assert.Equal(("c-known", "ancestor"), (attribution.Text("customer"), attribution.Text("customerEvidence")));

        Assert.Equal(("superseded", "0.000000000000"), (outer.Text("priceStatus"), outer.Text("cost")));
        Assert.Equal(JsonTrace.SpanId(3), outer.GetProperty("supersededBy").Text("spanId"));
        Assert.Empty(outer.GetProperty("rows").EnumerateArray());
        var reported = outer.GetProperty("reported");
        Assert.Equal((358, 1792, 160), (reported.Count("input_tokens"), reported.Count("cache_read_tokens"), reported.Count("output_tokens")));
    }

    [Fact]
    public async Task The_sample_of_the_readme_gives_the_answers_a_new_user_asks_for()
    {
        var server = await shared.GetAsync();
        const string runId = "5b8aa5a2d2c872e8321cf37308d69df2";
        var sample = Path.Combine(AppContext.BaseDirectory, "samples", "first-trace.json");
        await server.Otlp.SendJsonAsync(await File.ReadAllBytesAsync(sample, TestContext.Current.CancellationToken));

        var run = await server.Api.SettledRunAsync(runId, spans: 6, calls: 2);
        var costs = await server.Api.CostOfRunAsync(runId);
        var listed = await server.Api.GetAsync("/api/v1/runs?customer=my-first-customer");

        // 1800 + 358 uncached at $0.40, 1792 cached at $0.10, 210 + 160 out at $1.60 per million.
        Assert.Equal(("my-first-customer", "support-bot", "starter", "0.001634400000"),
            (costs!.Value.Text("customer"), costs.Value.Text("feature"), costs.Value.Text("plan"), costs.Value.Text("cost")));
        Assert.Equal((2, 1), (costs.Value.Count("calls"), costs.Value.Count("failedCalls")));
        var figures = run.GetProperty("run");
        Assert.Equal(("support-ticket", "completed", 1), (figures.Text("workflow"), figures.Text("status"), figures.Count("retries")));
        Assert.Equal("0.001634400000", run.GetProperty("spans").EnumerateArray().Single().Text("costWithChildren"));
        Assert.Equal(runId, Assert.Single(listed.GetProperty("runs").EnumerateArray()).Text("runId"));
    }

    [Fact]
    public async Task The_pipeline_counts_what_came_and_what_became_of_it()
    {
        using var data = new TempDirectory();
        await using var server = await ServerProcess.StartAsync(data);
        var trace = new JsonTrace();
        await server.Otlp.SendJsonAsync(JsonTrace.Request(trace.Root(1, "c-counted"), trace.Chat(2, 1, "gpt-4o", 500, 0, 100)));
        var (status, _) = await server.Otlp.PostAsync("/v1/traces", "{\"resourceSpans\":"u8.ToArray(), "application/json");
        Assert.Equal(HttpStatusCode.BadRequest, status);

        await server.Api.SettledRunAsync(trace.Id, spans: 2, calls: 1);
        var pipeline = await Eventually.GetAsync(
            () => server.Api.GetAsync("/api/v1/pipeline"), seen => seen.GetProperty("spans").Count("posted") == 2, server.ToString);

        var spans = pipeline.GetProperty("spans");
        Assert.Equal((2, 2, 0, 0), (spans.Count("received"), spans.Count("journaled"), spans.Count("open"), spans.Count("refused")));
        Assert.Equal(1, pipeline.Count("rowsPosted"));
        Assert.Equal(1, pipeline.GetProperty("reasons").GetProperty("request_refused").Count("malformed"));
        Assert.Equal("0.000000000000", pipeline.GetProperty("openCost").Text("cost"));
        foreach (var part in new[] { "journal", "posting", "recovery" }) Assert.Equal("healthy", pipeline.GetProperty(part).Text("state"));
        var limits = pipeline.GetProperty("limits").EnumerateArray().ToDictionary(limit => limit.Text("setting"), limit => limit.Count("value"));
        Assert.Equal(16 << 20, limits["Otlp:RequestBytesMax"]);
    }
}
