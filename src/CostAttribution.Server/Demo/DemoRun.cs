using CostAttribution.ClickHouse.Transport;
using CostAttribution.Workload;
using CostAttribution.Workload.Sending;
using Spectre.Console;

namespace CostAttribution.Server.Demo;

/// <summary>
/// The demo: drives the simulated product through the running server's OTLP gRPC port, shows cost per customer and workflow as
/// ClickHouse has them, and at the end checks the ledger against what the simulated providers really did.
/// </summary>
internal sealed class DemoRun(DemoOptions options, IClickHouseTransport store, IAnsiConsole console, TimeProvider time)
{
    /// <summary>Sample request that the closing lines suggest to send, from the repository's root.</summary>
    public const string SamplePath = "docs/samples/first-trace.json";

    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(5);
    private const int DifferencesShownMax = 20;

    private readonly CostReader _reader = new(store);
    private CostFigures _figures = CostFigures.Empty;
    private string _trouble = "";

    /// <summary>
    /// Returns 0 when the ledger equals the workload, 1 when it does not or sending failed; without
    /// <see cref="DemoOptions.Exit"/> only after <paramref name="stop"/>. Stopped half-way by the user it returns 0.
    /// </summary>
    public async Task<int> RunAsync(CancellationToken stop)
    {
        using var traffic = new DemoTraffic(options, time);
        Announce();
        try
        {
            var verdict = await DriveAsync(traffic, stop);
            await CloseAsync(traffic, verdict, stop);
            var succeeded = verdict is { Failure: null, Differences.Count: 0 } && traffic.RejectedSpans == 0;
            if (options.Exit) return succeeded ? 0 : 1;
            Say("serving until Ctrl+C");
            await Task.Delay(Timeout.InfiniteTimeSpan, time, stop);
            return succeeded ? 0 : 1;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return options.Exit ? 1 : 0;
        }
    }

    private sealed record Verdict(GrpcExportException? Failure, List<LedgerDifference> Differences);

    // A terminal shows a picture that changes; anything else gets lines.
    private bool IsPlain => !console.Profile.Out.IsTerminal || !console.Profile.Capabilities.Ansi
        || !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    private void Announce()
    {
        Say("demo with simulated data: made-up customers and prompts, sent through the real OTLP port");
        Say($"  {DisplayText.Grouped(options.Spans)} spans over {options.Duration.TotalSeconds:0} s to {options.Host}:"
            + $"{options.GrpcPort}; their times are spread over the last 14 days and now");
        if (options.ClickHouseHttpPort == 0) return;
        Say($"  SQL over HTTP at http://{options.Host}:{options.ClickHouseHttpPort}, database {options.Database}");
    }

    private async Task<Verdict> DriveAsync(DemoTraffic traffic, CancellationToken stop)
    {
        if (IsPlain) return await WatchAsync(traffic, PlainPainter(), stop);
        Verdict? verdict = null;
        await console.Live(TerminalScreen.Paint(Status(traffic, "sending"))).StartAsync(async screen =>
            verdict = await WatchAsync(traffic, status => screen.UpdateTarget(TerminalScreen.Paint(status)), stop));
        return verdict!;
    }

    private Action<DemoStatus> PlainPainter()
    {
        long? painted = null;
        return status =>
        {
            if (painted is { } last && time.GetElapsedTime(last) < PlainInterval) return;
            painted = time.GetTimestamp();
            Say(PlainScreen.Progress(status));
        };
    }

    private async Task<Verdict> WatchAsync(DemoTraffic traffic, Action<DemoStatus> paint, CancellationToken stop)
    {
        var sending = traffic.SendAllAsync(stop);
        while (!sending.IsCompleted)
        {
            await RefreshAsync(stop);
            paint(Status(traffic, "sending"));
            await Task.WhenAny(sending, Task.Delay(options.RefreshInterval, time, stop));
            stop.ThrowIfCancellationRequested();
        }
        try
        {
            await sending;
        }
        catch (GrpcExportException failure)
        {
            return new Verdict(failure, []);
        }
        return new Verdict(null, await SettleAsync(traffic, paint, stop));
    }

    /// <summary>Waits until the ledger holds what was sent, or the allowed time is over.</summary>
    private async Task<List<LedgerDifference>> SettleAsync(DemoTraffic traffic, Action<DemoStatus> paint, CancellationToken stop)
    {
        var workload = traffic.Generator.Truth.By(key => key.Customer);
        var began = time.GetTimestamp();
        while (true)
        {
            await RefreshAsync(stop);
            paint(Status(traffic, "sent, open traces are settling"));
            var differences = await CompareAsync(traffic, workload, stop);
            if (differences is { Count: 0 } || time.GetElapsedTime(began) >= options.SettleMax)
            {
                await RefreshAsync(stop);
                paint(Status(traffic, "done"));
                // An unreadable ledger is no proof: everything the workload did then counts as different.
                return differences ?? LedgerCheck.Compare(new Dictionary<string, TruthTotals>(), workload);
            }
            await Task.Delay(options.RefreshInterval, time, stop);
        }
    }

    private async Task<List<LedgerDifference>?> CompareAsync(DemoTraffic traffic, Dictionary<string, TruthTotals> workload,
        CancellationToken stop)
    {
        try
        {
            return LedgerCheck.Compare(await _reader.ReadLedgerAsync(traffic.Generator.TracePrefix, stop), workload);
        }
        catch (Exception failure) when (failure is ClickHouseException or StoreUnavailableException)
        {
            _trouble = "the store cannot be read: " + failure.Message;
            return null;
        }
    }

    private async Task RefreshAsync(CancellationToken stop)
    {
        try
        {
            _figures = await _reader.ReadAsync(stop);
            _trouble = "";
        }
        catch (Exception failure) when (failure is ClickHouseException or StoreUnavailableException)
        {
            _trouble = "the store cannot be read: " + failure.Message;
        }
    }

    private async Task CloseAsync(DemoTraffic traffic, Verdict verdict, CancellationToken stop)
    {
        if (IsPlain)
        {
            foreach (var line in PlainScreen.Tables(_figures)) Say(line);
        }
        var truth = traffic.Generator.Truth;
        if (verdict.Failure is { } failure)
        {
            Say($"sending stopped: {failure.Message}; see the server's log");
            return;
        }
        if (traffic.RejectedSpans > 0)
        {
            Say($"the server rejected {DisplayText.Grouped(traffic.RejectedSpans)} spans: {traffic.Rejection}");
        }
        Say($"sent {DisplayText.Grouped(truth.Spans)} spans of {DisplayText.Grouped(truth.Traces)} runs, "
            + $"{DisplayText.Grouped(truth.DuplicateSpans)} of them twice");
        Say(verdict.Differences.Count == 0 ? "ledger equals workload: yes" : "ledger equals workload: no");
        foreach (var difference in verdict.Differences.Take(DifferencesShownMax))
        {
            Say($"  {(difference.Customer.Length == 0 ? "(unattributed)" : difference.Customer)}: {difference.Quantity} "
                + $"{DisplayText.Grouped(difference.Ledger)} in the ledger, "
                + $"{DisplayText.Grouped(difference.Workload)} in the workload");
        }
        if (verdict.Differences.Count > DifferencesShownMax) Say($"  and {verdict.Differences.Count - DifferencesShownMax} more");
        await SuggestAsync(traffic, stop);
    }

    private async Task SuggestAsync(DemoTraffic traffic, CancellationToken stop)
    {
        var api = $"http://{options.Host}:{options.ApiPort}/api/v1";
        var explain = "";
        try
        {
            if (await _reader.FindSpanAsync(traffic.Generator.TracePrefix, stop) is { } span)
            {
                explain = $"   {api}/spans/{span.TraceId}/{span.SpanId}/explain";
            }
        }
        catch (Exception failure) when (failure is ClickHouseException or StoreUnavailableException)
        {
            Say("the store cannot be read: " + failure.Message);
        }
        Say($"open: {api}/costs?groupBy=customer{explain}");
        Say($"send: curl -H 'Content-Type: application/json' --data-binary @{SamplePath} "
            + $"http://{options.Host}:{options.HttpPort}/v1/traces");
    }

    private DemoStatus Status(DemoTraffic traffic, string phase) =>
        new(phase, traffic.SentSpans, options.Spans, traffic.Retries, _figures, _trouble);

    // Lines that are copied must not be wrapped at the width of the terminal.
    private void Say(string line) => console.Profile.Out.Writer.WriteLine(line);
}
