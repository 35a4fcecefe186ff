using System.Net;
using System.Text.Json;
using CostAttribution.EndToEnd.Hosting;
using CostAttribution.EndToEnd.Intake;
using CostAttribution.EndToEnd.Remote;
using CostAttribution.EndToEnd.Startup;
using CostAttribution.Testing.Otlp;
using CostAttribution.Testing.Store;

namespace CostAttribution.EndToEnd.Telemetry;

/// <summary>What the server tells a Collector about itself.</summary>
public sealed class SelfTelemetryTests(StoreServer stores)
{
    private const string Prefix = "cost_attribution.";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_metrics_that_a_collector_gets_equal_the_pipeline(bool byEnvironment)
    {
        using var data = new TempDirectory();
        await using var receiver = await MetricsReceiver.StartAsync();
        await using var server = byEnvironment
            ? ServerProcess.Launch(data, start =>
            {
                start.Environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.Http.ToString();
                start.Environment["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf";
            }, "--Telemetry:Interval", "00:00:00.2")
            : ServerProcess.Launch(data, "--Telemetry:OtlpEndpoint", receiver.Grpc.ToString(), "--Telemetry:Interval", "00:00:00.2");
        await server.WaitUntilReadyAsync();
        var trace = new JsonTrace();
        await server.Otlp.SendJsonAsync(JsonTrace.Request(trace.Root(1, "c-measured"), trace.Chat(2, 1, "gpt-4o", 500, 0, 100)));
        var (status, _) = await server.Otlp.PostAsync("/v1/traces", "{\"resourceSpans\":"u8.ToArray(), "application/json");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        await server.Api.SettledRunAsync(trace.Id, spans: 2, calls: 1);
        var pipeline = await Eventually.GetAsync(
            () => server.Api.GetAsync("/api/v1/pipeline"),
            seen => seen.GetProperty("spans").Count("posted") == 2 && seen.GetProperty("spans").Count("open") == 0
                && seen.GetProperty("lag").Count("bytes") == 0,
            server.ToString);

        await Eventually.GetAsync(() => Task.FromResult(Differences(receiver, pipeline)), lines => lines.Count == 0, server.ToString,
            show: lines => string.Join('\n', lines));

        Assert.Equal(("{span}", "s", "By"), (UnitOf("spans.received"), UnitOf("lag"), UnitOf("journal.held")));
        Assert.True(receiver.Find(Prefix + "store.insert.duration{outcome=ok,table=cost_ledger}") >= 1, string.Join('\n', receiver.Points.Keys));
        Assert.True(receiver.Find(Prefix + "journal.syncs") >= 1);
        Assert.Equal(1, receiver.Find(Prefix + "part.state{part=posting,state=healthy}"));
        Assert.Equal(("cost-attribution", "node-1"), (receiver.Resource["service.name"], receiver.Resource["service.instance.id"]));
        // Metrics alone: no trace of the server goes anywhere.
        Assert.Equal(
            [byEnvironment ? "/v1/metrics" : "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"], receiver.Paths.Keys);

        string UnitOf(string name) => receiver.Points[Prefix + name].Unit;
    }

    [Fact]
    public async Task A_store_that_is_away_shows_in_lag_retries_and_state()
    {
        using var data = new TempDirectory();
        await using var store = await stores.NewAsync();
        await using var receiver = await MetricsReceiver.StartAsync();
        await using var server = await ServerProcess.StartAsync(
            data, [.. store.Settings, "--Telemetry:OtlpEndpoint", receiver.Grpc.ToString(), "--Telemetry:Interval", "00:00:00.2"]);
        // On a store that others may use too, a trace is looked up before its first posting.
        store.Proxy.Script = request => request.IsInsert ? StoreFault.CutBefore : StoreFault.None;
        var trace = new JsonTrace();
        await server.Otlp.SendJsonAsync(JsonTrace.Request(trace.Root(1, "c-away"), trace.Chat(2, 1, "gpt-4o", 500, 0, 100)));

        await Eventually.GetAsync(
            () => Task.FromResult((
                Retries: receiver.Find(Prefix + "posting.retries"), Held: receiver.Find(Prefix + "journal.held"),
                Struggling: receiver.Find(Prefix + "part.state{part=posting,state=struggling}"),
                Failures: receiver.Find(Prefix + "store.insert.duration{outcome=unavailable,table=cost_ledger}"))),
            seen => seen is { Retries: > 1, Held: > 0, Struggling: 1, Failures: > 0 }, server.ToString);

        store.Proxy.Script = _ => StoreFault.None;
        await Eventually.GetAsync(
            () => Task.FromResult((
                Rows: receiver.Find(Prefix + "ledger.rows"), Healthy: receiver.Find(Prefix + "part.state{part=posting,state=healthy}"))),
            seen => seen is { Rows: 1, Healthy: 1 }, server.ToString);
        var before = receiver.Requests;
        Assert.Equal(0, await server.StopAsync(TimeSpan.FromSeconds(60)));
        Assert.True(receiver.Requests > before, "the last figures did not go out before the end");
    }

    [Fact]
    public async Task An_endpoint_that_is_the_server_itself_is_refused_when_set_and_passed_over_when_found()
    {
        using var data = new TempDirectory();
        var port = ServerProcess.FreePort();
        string[] own = ["--Otlp:HttpPort", "0", "--Api:Port", "0", "--ClickHouse:HttpPort", "0", "--Otlp:GrpcPort", port];

        var run = await ServerRun.ToEndAsync(data, [.. own, "--Telemetry:OtlpEndpoint", $"http://localhost:{port}"]);
        run.FailedWith(["Telemetry:OtlpEndpoint", port, "itself"]);

        await using var server = ServerProcess.Launch(
            data, start => start.Environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://127.0.0.1:{port}", "--Otlp:GrpcPort", port);
        await server.WaitUntilReadyAsync();
        Assert.Contains(server.Lines, line => line.Contains("no metrics are sent", StringComparison.Ordinal));
    }

    /// <summary>Everything received that says otherwise than the pipeline does.</summary>
    private static List<string> Differences(MetricsReceiver receiver, JsonElement pipeline)
    {
        var (spans, lag, open) = (pipeline.GetProperty("spans"), pipeline.GetProperty("lag"), pipeline.GetProperty("openTraces"));
        var expected = new Dictionary<string, double>
        {
            ["spans.received"] = spans.Count("received"), ["spans.journaled"] = spans.Count("journaled"), ["spans.posted"] = spans.Count("posted"),
            ["spans.open"] = spans.Count("open"), ["ledger.rows"] = pipeline.Count("rowsPosted"), ["requests"] = pipeline.Count("requests"),
            ["lag"] = lag.GetProperty("seconds").GetDouble(), ["journal.held"] = lag.Count("bytes"), ["traces.memory"] = open.Count("memoryBytes"),
        };
        foreach (var phase in pipeline.GetProperty("reasons").EnumerateObject())
        {
            foreach (var reason in phase.Value.EnumerateObject())
            {
                expected[$"events{{phase={phase.Name},reason={reason.Name}}}"] = reason.Value.GetInt64();
                if (phase.Name == "request_refused") expected[$"requests.refused{{reason={reason.Name}}}"] = reason.Value.GetInt64();
                if (phase.Name == "span_rejected") expected[$"spans.refused{{reason={reason.Name}}}"] = reason.Value.GetInt64();
            }
        }
        return [.. expected.Where(pair => receiver.Find(Prefix + pair.Key) != pair.Value)
            .Select(pair => $"{pair.Key} is {receiver.Find(Prefix + pair.Key)}, the pipeline says {pair.Value}")];
    }
}
