using CostAttribution.ClickHouse.Auditing;
using CostAttribution.StoreTests.Engine;
using CostAttribution.Workload;

namespace CostAttribution.StoreTests.Auditing;

/// <summary>
/// Tables of the real engine that refuse some traces; when they no longer do, what was refused is posted out of quarantine, and
/// the books are what they would have been.
/// </summary>
public sealed class QuarantineTests(EngineFixture engine)
{
    private const string Sums = "SELECT customer_id, feature_id, model, sum(cost), sum(calls), sum(failed_calls), sum(input_tokens), " +
        "sum(output_tokens) FROM {table} GROUP BY ALL HAVING sum(cost) != 0 OR sum(calls) != 0 OR sum(failed_calls) != 0 ORDER BY ALL";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("cost_ledger", "cityHash64(trace_id) % 3 != 0")]
    [InlineData("run_segments", "cityHash64(trace_id) % 3 != 0")]
    [InlineData("trace_facts", "cityHash64(trace_id) % 3 != 0")]
    public async Task What_was_refused_is_posted_once_when_the_cause_is_gone(string table, string taken)
    {
        // The same spans for both: what a workload does depends on when it begins.
        var generator = new WorkloadGenerator(
            new WorkloadOptions { Seed = 11, Spans = 200, Start = TimeProvider.System.GetUtcNow().AddHours(-2) });
        byte[][] requests = [.. generator.Requests().Select(request => request.Body)];
        var calls = generator.Truth.Rows.Sum(row => row.Value.Calls + row.Value.FailedCalls);
        await using var whole = await engine.NewStoreAsync();
        await using (var reference = await AuditRig.StartAsync(whole))
        {
            foreach (var request in requests) await reference.OfferAsync(request);
            await reference.SettledAsync(calls);
        }
        await using var store = await engine.NewStoreAsync();
        await using var rig = await AuditRig.StartAsync(store);
        await store.RunAsync($"ALTER TABLE {table} ADD CONSTRAINT picky CHECK {taken}");
        foreach (var request in requests) await rig.OfferAsync(request);
        await RestAsync(rig);
        var refused = rig.Quarantine.Reader.List();
        Assert.NotEmpty(refused);
        Assert.All(refused, posting => Assert.Equal((table, 469, ""), (posting.RefusedBy, posting.Code, posting.Fault)));

        await store.RunAsync($"ALTER TABLE {table} DROP CONSTRAINT picky");
        foreach (var posting in refused)
        {
            var result = await rig.Quarantine.PostAsync(posting.PostingId, Cancel);
            Assert.True(result is { Outcome: RefusedOutcome.Posted }, result?.ToString());
            Assert.Equal(table == "cost_ledger", result!.Rows > 0);
        }

        Assert.Empty(rig.Quarantine.Reader.List());
        await rig.SettledAsync(calls);
        foreach (var sums in (string[])["cost_ledger", "cost_hourly"])
        {
            var question = Sums.Replace("{table}", sums, StringComparison.Ordinal);
            Assert.Equal(await whole.AskAsync(question), await store.AskAsync(question));
        }
        var report = await rig.AuditAsync();
        Assert.True(report is { State: AuditState.Completed, Found: 0 }, report.ToJson(indented: true));
    }

    // Everything is in the store or in quarantine when nothing has changed for a while between two postings.
    private static async Task RestAsync(AuditRig rig)
    {
        const string state = "SELECT (SELECT count() FROM cost_ledger), (SELECT count() FROM trace_facts), (SELECT count() FROM run_segments)";
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
        var (last, same) = ("", 0);
        for (var turns = 0; same < 12; turns++)
        {
            Assert.True(turns < 400, rig.Pipeline.Metrics.PostingTrouble);
            await timer.WaitForNextTickAsync(Cancel);
            await rig.Pipeline.WhileQuietAsync(_ => Task.FromResult(0), Cancel);
            var now = $"{await rig.Store.AskAsync(state)} {rig.Spool.Refused().Files} {rig.Pipeline.AssemblyMetrics.OpenTraces}";
            same = now == last && rig.Spool.ListPending().Count == 0 ? same + 1 : 0;
            last = now;
        }
    }
}
