using System.Text;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Pricing;
using CostAttribution.StoreTests.Engine;
using CostAttribution.Testing.Pricing;
using CostAttribution.Workload;

namespace CostAttribution.StoreTests.Pipeline;

/// <summary>
/// The sum of cost by any dimension equals a slow, obvious reference over what the simulated providers really did, whatever the
/// order, splitting, repetition and delay of the spans. Stays for ever.
/// </summary>
public sealed class ConservationTests(EngineFixture engine)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, Disorder.AsSent)]
    [InlineData(2, Disorder.Shuffled)]
    [InlineData(3, Disorder.Repeated)]
    [InlineData(4, Disorder.Delayed)]
    [InlineData(5, Disorder.Restarted)]
    public async Task The_ledger_by_any_dimension_equals_the_reference_to_the_picodollar(int seed, Disorder disorder)
    {
        await using var store = await engine.NewStoreAsync();
        using var harness = new PipelineHarness(store, TestRates.Book);
        var generator =
            new WorkloadGenerator(new WorkloadOptions { Seed = (ulong)seed, Spans = 2_500, Start = harness.Clock.GetUtcNow() });
        var requests = generator.Requests().Select(request => request.Body).ToArray();

        await OfferAsync(harness, requests, disorder, new Random(seed));
        await harness.PassAsync(TimeSpan.FromMinutes(6), Cancel);

        var truth = generator.Truth;
        await EqualsAsync(store, "customer_id", truth.By(key => key.Customer), By(truth, key => key.Customer));
        await EqualsAsync(store, "feature_id", truth.By(key => key.Feature), By(truth, key => key.Feature));
        await EqualsAsync(store, "workflow", truth.By(key => key.Workflow), By(truth, key => key.Workflow));
        await EqualsAsync(store, "model", truth.By(key => key.Model), By(truth, key => key.Model));
        await RollupEqualsLedgerAsync(store);
        await RunsEqualLedgerAsync(store);
    }

    /// <summary>What happens to the requests on the way.</summary>
    public enum Disorder { AsSent, Shuffled, Repeated, Delayed, Restarted }

    private static async Task OfferAsync(PipelineHarness harness, byte[][] requests, Disorder disorder, Random random)
    {
        if (disorder is Disorder.Shuffled or Disorder.Repeated) random.Shuffle(requests);
        foreach (var request in requests)
        {
            harness.Offer(request);
            if (disorder == Disorder.Repeated)
            {
                for (var copies = random.Next(4); copies > 0; copies--) harness.Offer(requests[random.Next(requests.Length)]);
            }
            var pause = disorder switch
            {
                Disorder.AsSent => TimeSpan.FromMilliseconds(500),
                Disorder.Shuffled => TimeSpan.FromMilliseconds(200),
                // Past every wait of assembly: provisional, settled, idle, evicted, loaded again.
                _ => TimeSpan.FromSeconds(random.Next(8) switch { 0 => 90, 1 => 20, 2 => 3, _ => 0 }),
            };
            await harness.PassAsync(pause, Cancel);
            if (disorder == Disorder.Restarted && random.Next(20) == 0)
            {
                harness.Restart();
            }
        }
    }

    private static Dictionary<string, Int128> By(GroundTruth truth, Func<TruthKey, string> dimension)
    {
        var costs = new Dictionary<string, Int128>();
        foreach (var (key, usage) in truth.Rows)
            costs[dimension(key)] = costs.GetValueOrDefault(dimension(key)) + TestRates.CostOf(key.Model, usage);
        return costs;
    }

    private static async Task EqualsAsync(IClickHouseTransport store, string column, Dictionary<string, TruthTotals> usage,
        Dictionary<string, Int128> costs)
    {
        var rows = await QueryAsync(store, $"""
            SELECT {column}, sum(cost), sum(calls), sum(failed_calls), sum(input_tokens), sum(cache_read_tokens),
                sum(cache_write_tokens), sum(cache_write_1h_tokens), sum(output_tokens), sum(reasoning_tokens)
            FROM cost_ledger GROUP BY {column} HAVING sum(sign) != 0 ORDER BY {column}
            """);
        var expected = usage.Where(pair => pair.Value.Calls + pair.Value.FailedCalls > 0)
            .OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => string.Join('\t', pair.Key, new Money(costs[pair.Key]), pair.Value.Calls, pair.Value.FailedCalls,
                pair.Value.InputTokens, pair.Value.CacheReadTokens, pair.Value.CacheWriteTokens,
                pair.Value.CacheWrite1hTokens, pair.Value.OutputTokens, pair.Value.ReasoningTokens));
        Assert.Equal(expected, rows.Select(Padded));
    }

    private static async Task RollupEqualsLedgerAsync(IClickHouseTransport store)
    {
        const string Sums =
            "sum(cost), sum(list_cost), sum(retry_cost), sum(calls), sum(failed_calls), " +
            "sum(input_tokens), sum(output_tokens), sum(reasoning_tokens)";
        var ledger = await QueryAsync(store,
            $"SELECT toStartOfHour(event_time) AS h, customer_id, workflow, model, {Sums} FROM cost_ledger " +
            "GROUP BY ALL HAVING sum(sign) != 0 ORDER BY ALL");
        var hourly = await QueryAsync(store,
            $"SELECT hour, customer_id, workflow, model, {Sums} FROM cost_hourly " +
            "GROUP BY ALL HAVING sum(entries) != 0 ORDER BY ALL");
        Assert.Equal(ledger.Select(row => row.Split('\t')[1..]), hourly.Select(row => row.Split('\t')[1..]));
    }

    private static async Task RunsEqualLedgerAsync(IClickHouseTransport store)
    {
        var runs = await QueryAsync(store,
            "SELECT run_id, cost, calls, failed_calls FROM workflow_runs WHERE calls + failed_calls > 0 ORDER BY run_id");
        var ledger = await QueryAsync(store,
            "SELECT run_id, sum(cost), sum(calls), sum(failed_calls) FROM cost_ledger " +
            "GROUP BY run_id HAVING sum(calls) + sum(failed_calls) > 0 ORDER BY run_id");
        Assert.NotEmpty(runs);
        Assert.Equal(ledger, runs);
    }

    // ClickHouse writes a decimal without trailing zeros.
    private static string Padded(string row)
    {
        var fields = row.Split('\t');
        fields[1] = Money.Parse(fields[1]).ToString();
        return string.Join('\t', fields);
    }

    private static async Task<string[]> QueryAsync(IClickHouseTransport store, string sql)
    {
        var answer = await store.QueryAsync(new ClickHouseQuery(sql) { Format = "TabSeparated" }, Cancel);
        var rows = Encoding.UTF8.GetString(answer).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return rows.Order(StringComparer.Ordinal).ToArray();
    }
}
