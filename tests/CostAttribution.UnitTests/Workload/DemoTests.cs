using System.Text;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Pricing;
using CostAttribution.Server.Demo;
using CostAttribution.Workload;
using Microsoft.AspNetCore.Http;
using Spectre.Console;

namespace CostAttribution.UnitTests.Workload;

public sealed class DemoTests
{
    [Theory]
    [InlineData("0", "$0.0000")]
    [InlineData("0.00005", "$0.0000")]
    [InlineData("0.00015", "$0.0002")]
    [InlineData("0.999949", "$0.9999")]
    [InlineData("0.99996", "$1.0000")]
    [InlineData("1.005", "$1.00")]
    [InlineData("1.015", "$1.02")]
    [InlineData("-1234567.891", "-$1,234,567.89")]
    [InlineData("99999999999999999999999999.999999999999", "$100,000,000,000,000,000,000,000,000.00")]
    public void Dollars_are_rounded_for_display_without_losing_size(string amount, string shown)
    {
        Assert.Equal(shown, DisplayText.Dollars(Money.Parse(amount)));
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(9_999, "9,999")]
    [InlineData(12_345, "12k")]
    [InlineData(12_345_678, "12.3M")]
    [InlineData(12_345_678_901, "12.3G")]
    [InlineData(-12_345_678, "-12.3M")]
    public void Tokens_are_shortened(long tokens, string shown)
    {
        Assert.Equal(shown, DisplayText.Tokens(tokens));
    }

    [Fact]
    public void A_share_of_nothing_is_empty()
    {
        Assert.Equal(("", "33.3 %", "100.0 %"), (DisplayText.Share(1, 0), DisplayText.Share(1, 3), DisplayText.Share(3, 3)));
    }

    [Fact]
    public void A_customer_missing_from_the_ledger_is_a_difference()
    {
        var workload = new Dictionary<string, TruthTotals> { ["a"] = new() { Calls = 2 }, ["b"] = new() { InputTokens = 5 } };
        var ledger = new Dictionary<string, TruthTotals> { ["a"] = new() { Calls = 2 }, ["c"] = new() { OutputTokens = 1 } };

        Assert.Equal(
            [new("b", "input tokens", 0, 5), new LedgerDifference("c", "output tokens", 1, 0)],
            LedgerCheck.Compare(ledger, workload));
        Assert.Empty(LedgerCheck.Compare(workload, workload));
    }

    [Fact]
    public async Task A_ledger_that_holds_the_workload_ends_the_demo_with_success()
    {
        var (code, output) = await RunDemoAsync(new LedgerDouble());

        Assert.Equal(0, code);
        Assert.Contains("ledger equals workload: yes", output, StringComparison.Ordinal);
        Assert.Contains("simulated data", output, StringComparison.Ordinal);
        Assert.Contains("$1,234.50", output, StringComparison.Ordinal);
        Assert.Contains("(unattributed)", output, StringComparison.Ordinal);
        Assert.Contains("open: http://127.0.0.1:8080/api/v1/costs?groupBy=customer   "
            + "http://127.0.0.1:8080/api/v1/spans/aa/bb/explain", output, StringComparison.Ordinal);
        Assert.Contains($"send: curl -H 'Content-Type: application/json' --data-binary @{DemoRun.SamplePath} "
            + "http://127.0.0.1:4318/v1/traces", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_ledger_that_lacks_calls_ends_the_demo_with_the_difference()
    {
        var (code, output) = await RunDemoAsync(new LedgerDouble { MissingCalls = 1 });

        Assert.Equal(1, code);
        Assert.Contains("ledger equals workload: no", output, StringComparison.Ordinal);
        Assert.Contains("meridian-bank: calls ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_that_cannot_be_read_is_no_proof()
    {
        var (code, output) = await RunDemoAsync(new LedgerDouble { Broken = true });

        Assert.Equal(1, code);
        Assert.Contains("the store cannot be read: no such table", output, StringComparison.Ordinal);
        Assert.Contains("ledger equals workload: no", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_export_ends_the_demo_with_its_reason()
    {
        var (code, output) = await RunDemoAsync(new LedgerDouble(), grpcStatus: "3");

        Assert.Equal(1, code);
        Assert.Contains("sending stopped: export refused with InvalidArgument", output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_terminal_picture_shows_unpriced_and_unattributed_cost()
    {
        using var writer = new StringWriter();
        var console = NewConsole(writer);
        console.Profile.Width = 160;

        console.Write(TerminalScreen.Paint(new DemoStatus("sending", 500, 1000, 3, LedgerDouble.Figures, "")));

        var text = writer.ToString();
        Assert.Contains("(unattributed)", text, StringComparison.Ordinal);
        Assert.Contains("500 of 1,000 spans, 3 sends repeated", text, StringComparison.Ordinal);
        Assert.Contains("unattributed $0.5000; 7 calls without a price", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_a_terminal_the_picture_is_painted_while_the_demo_runs()
    {
        var terminal = new TerminalDouble();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.Yes,
            Out = terminal,
        });

        Assert.Equal(0, await RunDemoAsync(new LedgerDouble(), console));

        Assert.Contains("cost per workflow", terminal.Writer.ToString(), StringComparison.Ordinal);
        Assert.Contains("ledger equals workload: yes", terminal.Writer.ToString(), StringComparison.Ordinal);
    }

    private static IAnsiConsole NewConsole(TextWriter writer) => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Ansi = AnsiSupport.No,
        ColorSystem = ColorSystemSupport.NoColors,
        Interactive = InteractionSupport.No,
        Out = new AnsiConsoleOutput(writer),
    });

    private static async Task<(int Code, string Output)> RunDemoAsync(LedgerDouble store, string grpcStatus = "0")
    {
        using var writer = new StringWriter();
        var code = await RunDemoAsync(store, NewConsole(writer), grpcStatus);
        return (code, writer.ToString());
    }

    private static async Task<int> RunDemoAsync(LedgerDouble store, IAnsiConsole console, string grpcStatus = "0")
    {
        await using var server = await Receiver.StartAsync(async (_, context) =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(new byte[5]);
            context.Response.AppendTrailer("grpc-status", grpcStatus);
        });
        var options = new DemoOptions
        {
            GrpcPort = server.Address.Port,
            HttpPort = 4318,
            ApiPort = 8080,
            Spans = 300,
            Duration = TimeSpan.FromSeconds(1),
            Exit = true,
            RefreshInterval = TimeSpan.FromMilliseconds(20),
            SettleMax = TimeSpan.FromMilliseconds(100),
        };
        return await new DemoRun(options, store, console, new FastClock()).RunAsync(CancellationToken.None);
    }

    /// <summary>Stands still on the calendar, so that the ledger double can repeat the workload; else a hundredfold.</summary>
    private sealed class FastClock : TimeProvider
    {
        private const int Speed = 100;

        public override DateTimeOffset GetUtcNow() => WorkloadKit.Start;
        public override long GetTimestamp() => System.GetTimestamp() * Speed;
        public override long TimestampFrequency => System.TimestampFrequency;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? dueTime / Speed : dueTime, period);
    }

    private sealed class TerminalDouble : IAnsiConsoleOutput
    {
        public TextWriter Writer { get; } = new StringWriter();
        public bool IsTerminal => true;
        public int Width => 140;
        public int Height => 50;

        public void SetEncoding(Encoding encoding)
        {
        }
    }

    private sealed class LedgerDouble : IClickHouseTransport
    {
        public static readonly CostFigures Figures = new(
            [
                new("meridian-bank", "enterprise", 10, 1, 20_000, 300, 40, Money.Parse("1234.5"), Money.Parse("0.25"), 7, 2),
                new("", "", 1, 0, 10, 3, 0, Money.Parse("0.5"), Money.Zero, 0, 0),
            ],
            [new("support-ticket", 4, 3, 1, Money.Parse("2"), Money.Zero)]);

        public long MissingCalls { get; init; }
        public bool Broken { get; init; }

        public string Database => "cost_attribution";

        public Task<byte[]> QueryAsync(ClickHouseQuery query, CancellationToken cancel)
        {
            if (Broken) throw new ClickHouseException(60, "no such table");
            var rows = query.Sql switch
            {
                var sql when sql.Contains("FROM cost_hourly", StringComparison.Ordinal) => Figures.Customers.Select(Row),
                var sql when sql.Contains("FROM workflow_runs", StringComparison.Ordinal) => Figures.Workflows.Select(Row),
                var sql when sql.Contains("GROUP BY trace_id, span_id", StringComparison.Ordinal) => ["[\"aa\",\"bb\"]"],
                _ => Ledger(query.Parameters["prefix"]),
            };
            return Task.FromResult(Encoding.UTF8.GetBytes(string.Concat(rows.Select(row => row + "\n"))));
        }

        public Task InsertAsync(ClickHouseInsert insert, CancellationToken cancel) =>
            throw new InvalidOperationException("the demo writes only through the OTLP port");

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private IEnumerable<string> Ledger(string prefix)
        {
            var options = new WorkloadOptions { Seed = 2026, Start = WorkloadKit.Start, Spans = 300, Rate = 300 };
            var generator = new WorkloadGenerator(options);
            Assert.Equal(generator.TracePrefix, prefix);
            Assert.True(generator.Requests().Count() > 1);
            return generator.Truth.By(key => key.Customer).Select(pair => Json(pair.Key,
                pair.Value.Calls - (pair.Key == "meridian-bank" ? MissingCalls : 0), pair.Value.FailedCalls,
                pair.Value.InputTokens, pair.Value.CacheReadTokens, pair.Value.CacheWriteTokens,
                pair.Value.CacheWrite1hTokens, pair.Value.OutputTokens, pair.Value.ReasoningTokens));
        }

        private static string Row(CustomerCost row) => Json(row.Customer, row.Plan, row.Calls, row.FailedCalls, row.InputTokens,
            row.OutputTokens, row.CachedTokens, row.Cost, row.RetryCost, row.UnpricedCalls, row.NoUsageCalls);

        private static string Row(WorkflowCost row) =>
            Json(row.Workflow, row.Runs, row.Completed, row.Failed, row.Cost, row.RetryCost);

        private static string Json(params object[] values) =>
            "[" + string.Join(',', values.Select(value => $"\"{value}\"")) + "]";
    }
}
