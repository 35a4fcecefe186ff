using System.Net;
using System.Text.Json;
using CostAttribution.EndToEnd.Hosting;
using CostAttribution.Testing.Otlp;

namespace CostAttribution.EndToEnd.Intake;

/// <summary>What published clients really sent, sent again as they sent it.</summary>
public sealed class CaptureTests(SharedServer shared)
{
    public static TheoryData<string, string> AllCaptures => new(Captures.All.Select(capture => (capture.Client, capture.Transport)));

    [Theory]
    [MemberData(nameof(AllCaptures))]
    public async Task A_capture_becomes_ledger_rows_of_its_customer_and_never_exceeds_the_bill(string client, string transport)
    {
        var server = await shared.GetAsync();
        var request = CapturedRequest.Load(client, transport);

        // The second time compressed, as a sender does whose first answer was lost.
        await SendAsync(server, request, gzip: false);
        await SendAsync(server, request, gzip: true);

        var figures = new List<JsonElement>();
        foreach (var (traceId, spans) in request.SpansByTrace())
        {
            var run = await server.Api.SettledRunAsync(traceId, spans);
            foreach (var item in run.Spans().SelectMany(span => span.GetProperty("items").EnumerateArray())) CheckAttribution(item.GetProperty("attribution"));
            if (await server.Api.CostOfRunAsync(traceId) is not { } row) continue;
            Assert.Equal(("acme-42", "support-bot", "enterprise"), (row.Text("customer"), row.Text("feature"), row.Text("plan")));
            Assert.Equal(row.Text("cost"), run.GetProperty("run").Text("cost"));
            figures.Add(row);
        }
        CheckAgainstBill(figures, Bill.Of(request.Capture));
    }

    [Fact]
    public async Task Metrics_and_logs_are_refused_with_a_reason()
    {
        var server = await shared.GetAsync();

        var (status, message) = await server.Otlp.CallAsync("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", []);
        var (httpStatus, body) = await server.Otlp.PostAsync("/v1/metrics", [], "application/x-protobuf");
        var (logsStatus, logsBody) = await server.Otlp.PostAsync("/v1/logs", "{}"u8.ToArray(), "application/json");

        Assert.Equal("12", status);
        Assert.Contains("traces", message, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, httpStatus);
        Assert.Contains("only traces are accepted", body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, logsStatus);
        Assert.Contains("only traces are accepted", logsBody, StringComparison.Ordinal);
    }

    private static async Task SendAsync(ServerProcess server, CapturedRequest request, bool gzip)
    {
        var body = request.Capture.Body;
        if (request.IsGrpc)
        {
            Assert.Equal(("0", ""), await server.Otlp.CallAsync(request.Path, body, gzip, request.Headers));
            return;
        }
        var (status, answer) = await server.Otlp.PostAsync(request.Path, body, request.Headers["content-type"], gzip, request.Headers);
        Assert.True(status == HttpStatusCode.OK, $"{(int)status} {answer}");
        Assert.Equal(request.Capture.IsJson ? "{}" : "", answer);
    }

    private static void CheckAttribution(JsonElement attribution)
    {
        Assert.Equal(("acme-42", "support-bot", "enterprise"), (attribution.Text("customer"), attribution.Text("feature"), attribution.Text("plan")));
        Assert.Contains(attribution.Text("customerEvidence"), new[] { "own", "ancestor" });
    }

    private static void CheckAgainstBill(List<JsonElement> figures, Bill bill)
    {
        long Sum(params string[] names) => figures.Sum(row => names.Sum(name => row.Count(name)));
        Assert.InRange(Sum("calls"), 1, bill.Calls);
        Assert.InRange(Sum("failedCalls"), 0, bill.Failures);
        Assert.InRange(Sum("inputTokens", "cacheReadTokens", "cacheWriteTokens", "cacheWrite1hTokens"), 1, bill.Input);
        Assert.InRange(Sum("cacheReadTokens"), 0, bill.CacheRead);
        Assert.InRange(Sum("cacheWriteTokens", "cacheWrite1hTokens"), 0, bill.CacheWrite);
        Assert.InRange(Sum("outputTokens", "reasoningTokens"), 1, bill.Output);
        Assert.InRange(Sum("reasoningTokens"), 0, bill.Reasoning);
    }
}
