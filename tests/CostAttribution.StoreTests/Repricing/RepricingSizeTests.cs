using System.Globalization;
using CostAttribution.ClickHouse.Repricing;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Ingest.Rates;
using CostAttribution.Ingest.Repricing;
using CostAttribution.StoreTests.Auditing;
using CostAttribution.StoreTests.Engine;
using CostAttribution.Testing.Pricing;
using Microsoft.Extensions.Logging.Abstractions;

namespace CostAttribution.StoreTests.Repricing;

/// <summary>Ranges that do not fit into memory, and groups that do not fit into a report.</summary>
public sealed class RepricingSizeTests(EngineFixture engine)
{
    private const int Rows = 120_000;
    private const int HeldMax = 5_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Any_number_of_rows_is_looked_at_in_bounded_memory_also_when_most_come_at_once()
    {
        await using var store = await engine.NewStoreAsync();
        await using var rig = await AuditRig.StartAsync(store);
        // Half of them spread over a year, half within a tenth of a second; every tenth is taken back.
        const string time = "toDateTime64('2026-01-01 00:00:00', 6, 'UTC') + if(number % 2 = 0, toIntervalSecond(number * 200), toIntervalMicrosecond(number))";
        await store.AskAsync("INSERT INTO cost_ledger (event_time, posted_at, entry_kind, cost_kind, sign, entry_id, revision, reason, posting_id, "
            + "trace_id, span_id, provider, model, customer_id, input_tokens, calls, price_status, ownership) "
            + $"SELECT {time}, now64(3), 'usage', 'usage', 1, reinterpretAsFixedString(toUInt128(number + 1)), 1, 'first', 'p', "
            + "leftPad(lower(hex(number + 1)), 32, '0'), leftPad(lower(hex(number + 1)), 16, '0'), 'openai', 'gpt-4.1-2025-04-14', "
            + $"concat('c-', toString(number % 50)), 1000, 1, 'unpriced_model', 'owner' FROM numbers({Rows})");
        await store.AskAsync("INSERT INTO cost_ledger SELECT * REPLACE(-1 AS sign, entry_id AS corrects, reverse(entry_id) AS entry_id, "
            + "'reversal' AS entry_kind, -input_tokens AS input_tokens, -calls AS calls) FROM cost_ledger WHERE cityHash64(trace_id) % 10 = 0");
        var standing = long.Parse(await store.AskAsync("SELECT sum(sign) FROM cost_ledger"), CultureInfo.InvariantCulture);
        await using var measured = new MeasuredStore(store);
        using var publisher = new RateBookPublisher(new RateBookParts
        {
            Store = store, Files = [("test.yaml", TestRates.Yaml)], NodeId = rig.Node, Clock = TimeProvider.System,
        });
        using var repricer = new Repricer(new RepricerParts
        {
            Pipeline = rig.Pipeline, Store = measured, Snapshots = rig.Snapshots, Publisher = publisher, NodeId = rig.Node,
            Clock = TimeProvider.System, Logger = NullLogger.Instance, RowsHeldMax = HeldMax,
        });

        var began = TimeProvider.System.GetTimestamp();
        var report = (await repricer.RunAsync(new RepricingRequest { Kind = RepricingKind.DryRun }, Cancel)).Report!;
        var took = TimeProvider.System.GetElapsedTime(began);

        Assert.Equal((standing, standing, 0L), (report.Rows, report.RowsChanged, report.RowsUnreadable));
        Assert.Equal(new Domain.Pricing.Money(standing * TestRates.CostOf("gpt-4.1-2025-04-14", new() { InputTokens = 1000 })).ToString(), report.Difference);
        Assert.True(measured.LargestAnswer < HeldMax * 1200, $"{measured.LargestAnswer} bytes in one answer");
        // More customers and days than groups are told apart.
        Assert.Equal(5_001, report.Groups.Count);
        Assert.Contains(report.Groups, group => group.Customer == RepricingReport.Rest);
        Assert.Equal(standing, report.Groups.Sum(group => group.Rows));
        TestContext.Current.TestOutputHelper?.WriteLine($"{standing / took.TotalSeconds:F0} rows/s");
    }

    private sealed class MeasuredStore(IClickHouseTransport store) : IClickHouseTransport
    {
        public int LargestAnswer { get; private set; }

        public string Database => store.Database;

        public async Task<byte[]> QueryAsync(ClickHouseQuery query, CancellationToken cancel)
        {
            var answer = await store.QueryAsync(query, cancel);
            LargestAnswer = Math.Max(LargestAnswer, answer.Length);
            return answer;
        }

        public Task InsertAsync(ClickHouseInsert insert, CancellationToken cancel) => store.InsertAsync(insert, cancel);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
