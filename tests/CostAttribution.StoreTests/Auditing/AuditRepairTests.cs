using CostAttribution.ClickHouse.Auditing;
using CostAttribution.StoreTests.Engine;

namespace CostAttribution.StoreTests.Auditing;

/// <summary>
/// The store is corrupted behind the program's back in every way that a check looks for: the audit finds it, repairs it with
/// appended rows alone, and the sums are what they were.
/// </summary>
public sealed class AuditRepairTests(EngineFixture engine)
{
    // A reversal of the rows that the WHERE selects, in all columns but those given.
    private const string Reversal = "INSERT INTO cost_ledger SELECT * REPLACE(-1 AS sign, 'reversal' AS entry_kind, " +
        "{corrects} AS corrects, reverse(entry_id) AS entry_id, 'late_span' AS reason, 'auditor-1-0-5abe' AS posting_id, {replaced}" +
        "-input_tokens AS input_tokens, -cache_read_tokens AS cache_read_tokens, -cache_write_tokens AS cache_write_tokens, " +
        "-cache_write_1h_tokens AS cache_write_1h_tokens, -output_tokens AS output_tokens, -reasoning_tokens AS reasoning_tokens, " +
        "mapApply((k, v) -> (k, -v), other_units) AS other_units, -calls AS calls, -failed_calls AS failed_calls, " +
        "-input_cost AS input_cost, -cache_read_cost AS cache_read_cost, -cache_write_cost AS cache_write_cost, " +
        "-output_cost AS output_cost, -reasoning_cost AS reasoning_cost, -other_cost AS other_cost, -cost AS cost, " +
        "-list_cost AS list_cost, -retry_cost AS retry_cost, -provider_reported_cost AS provider_reported_cost) " +
        "FROM (SELECT * FROM cost_ledger WHERE {where})";

    private const string Some = "(trace_id, span_id) IN (SELECT trace_id, span_id FROM cost_ledger GROUP BY trace_id, span_id, " +
        "cost_item HAVING sum(sign) = 1 AND count() = 1 AND any(cost) > 0 AND any(customer_id) != '' ORDER BY trace_id, span_id LIMIT 3)";

    private const string Three = $"(SELECT * FROM cost_ledger WHERE {Some})";

    private const string Sabotaged =
        "sign = 1 AND entry_id IN (SELECT corrects FROM cost_ledger WHERE posting_id = 'auditor-1-0-5abe')";

    private const string Lost = "ALTER TABLE {table} DELETE WHERE {where} SETTINGS mutations_sync = 1";

    public static TheoryData<string, string[], string[]> Damage() => new()
    {
        { "posted twice", [$"INSERT INTO cost_ledger SELECT * REPLACE('auditor-1-0-5abe' AS posting_id) FROM {Three}"],
            ["entries_stand_once"] },
        { "posted twice without rollup",
            ["DETACH TABLE cost_hourly_feed", $"INSERT INTO cost_ledger SELECT * REPLACE('auditor-1-0-5abe' AS posting_id) FROM {Three}",
                "ATTACH TABLE cost_hourly_feed"],
            ["entries_stand_once", "rollup_equals_rows"] },
        { "posted twice for somebody else",
            [$"INSERT INTO cost_ledger SELECT * REPLACE('auditor-1-0-5abe' AS posting_id, 'c-wrong' AS customer_id) FROM {Three}"],
            ["entries_stand_once"] },
        { "reversed by nobody", [Reverse("entry_id", "", Some)], ["facts_match_rows"] },
        { "reversal of an entry that never was",
            [Reverse("unhex('ffffffffffffffffffffffffffffffff')", "", Some)], ["entries_stand_once"] },
        { "reversed twice", [Reverse("entry_id", "", Some), Reverse("entry_id", "now64(3) AS posted_at, ", Sabotaged)],
            ["entries_stand_once"] },
        { "reversed for somebody else", [Reverse("entry_id", "'c-wrong' AS customer_id, ", Some)], ["entries_stand_once"] },
        { "rows of a posting lost",
            [Lost.Replace("{table}", "cost_ledger", StringComparison.Ordinal)
                .Replace("{where}", "posting_id = (SELECT max(posting_id) FROM cost_ledger)", StringComparison.Ordinal)],
            ["postings_are_complete"] },
        { "some rows of every posting lost", [Half("cost_ledger", "entry_id")], ["postings_are_complete"] },
        { "some facts and rows of every posting lost", [Half("trace_facts", "trace_id"), Half("cost_ledger", "span_id")],
            ["postings_are_complete"] },
        { "some segments and rows of every posting and a part of the rollup lost",
            [Half("run_segments", "run_id"), Half("cost_ledger", "span_id"), Half("cost_hourly", "customer_id")],
            ["postings_are_complete"] },
        { "segment with wrong sums",
            ["INSERT INTO run_segments SELECT * REPLACE(cost + 1 AS cost, calls + 7 AS calls, revision + 9 AS revision) FROM run_segments " +
                "ORDER BY trace_id LIMIT 2"],
            ["runs_sum_up_rows"] },
        { "segment in a run of others",
            ["INSERT INTO run_segments SELECT * REPLACE('stray-run' AS run_id, revision + 3 AS revision) FROM run_segments " +
                "WHERE calls > 0 ORDER BY trace_id LIMIT 1"],
            ["runs_sum_up_rows"] },
        { "segments lost", ["TRUNCATE TABLE run_segments"], ["postings_are_complete"] },
        { "rollup lost", ["TRUNCATE TABLE cost_hourly"], ["rollup_equals_rows"] },
        { "rollup doubled", ["INSERT INTO cost_hourly SELECT * FROM cost_hourly"], ["rollup_equals_rows"] },
        { "rollup with a stray unit",
            ["INSERT INTO cost_hourly (hour, customer_id, other_units) SELECT min(hour), 'c-1', map('images', 3) FROM cost_hourly"],
            ["rollup_equals_rows"] },
        { "owner taken away",
            [
                Reverse("entry_id", "", Some),
                $"INSERT INTO cost_ledger SELECT * REPLACE('auditor-1-0-5abe' AS posting_id, '' AS customer_id, 'none' AS customer_evidence, " +
                    $"revision + 1 AS revision, reverse(upper(entry_id)) AS entry_id) FROM (SELECT * FROM cost_ledger WHERE {Sabotaged})",
            ],
            ["owners_found_later"] },
    };

    [Theory]
    [MemberData(nameof(Damage))]
    public async Task What_was_corrupted_is_found_and_repaired_by_appended_rows(string what, string[] damage, string[] foundBy)
    {
        await using var store = await engine.NewStoreAsync();
        await using var rig = await AuditRig.StartAsync(store);
        await rig.FillAsync(seed: 7, spans: 400);
        var (sums, postings) = (await rig.SumsAsync(), await rig.PostingsAsync());
        foreach (var statement in damage) await store.AskAsync(statement);
        Assert.NotEqual(sums, await rig.SumsAsync());
        postings = [.. postings, "auditor-1-0-5abe"];
        var corrupted = await rig.HashOfAsync(postings);

        var dry = await rig.AuditAsync(dryRun: true);
        Assert.Equal(corrupted, await rig.HashOfAsync(postings));
        var report = await rig.AuditAsync();
        var again = await rig.AuditAsync();

        Assert.True(dry is { State: AuditState.Completed, Found: > 0, Repaired: 0 }, $"{what}, dry\n{dry.ToJson(indented: true)}");
        Assert.True(report.IsClean && report.Found > 0, $"{what}\n{report.ToJson(indented: true)}");
        foreach (var check in foundBy)
            Assert.Contains(report.Checks, made => check.Split('|').Contains(made.Name) && made.Repaired > 0);
        Assert.True(again is { State: AuditState.Completed, Found: 0 }, $"{what}, again\n{again.ToJson(indented: true)}");
        Assert.Equal(sums, await rig.SumsAsync());
        if (!damage[0].StartsWith("ALTER", StringComparison.Ordinal)) Assert.Equal(corrupted, await rig.HashOfAsync(postings));
    }

    [Fact]
    public async Task A_row_that_contradicts_itself_is_told_and_left()
    {
        await using var store = await engine.NewStoreAsync();
        await using var rig = await AuditRig.StartAsync(store);
        await rig.FillAsync(seed: 3, spans: 100);
        await store.AskAsync($"INSERT INTO cost_ledger SELECT * REPLACE('auditor-1-0-5abe' AS posting_id, cost + 1 AS cost) FROM {Three}");

        var report = await rig.AuditAsync();

        var check = Assert.Single(report.Checks, check => check.Name == "rows_agree_with_themselves");
        Assert.Equal((3, 3, 0), (check.Found, check.Left, check.Repaired));
        Assert.All(check.Findings, finding => Assert.Contains("cost is not the sum", finding.Detail, StringComparison.Ordinal));
        Assert.False(report.IsClean);
    }

    [Fact]
    public async Task A_row_of_which_no_facts_are_known_is_told_and_left()
    {
        await using var store = await engine.NewStoreAsync();
        await using var rig = await AuditRig.StartAsync(store);
        await rig.FillAsync(seed: 4, spans: 100);
        await store.AskAsync("INSERT INTO cost_ledger SELECT * REPLACE('auditor-1-0-5abe' AS posting_id, '00000000000000aa' AS span_id, " +
            $"reverse(entry_id) AS entry_id) FROM (SELECT * FROM cost_ledger WHERE {Some} LIMIT 1)");

        var report = await rig.AuditAsync();

        var finding = Assert.Single(report.Checks.Single(check => check.Name == "facts_match_rows").Findings);
        Assert.Equal(("row_without_facts", AuditOutcome.Left), (finding.Kind, finding.Outcome));
    }

    [Fact]
    public async Task Hours_that_another_process_has_just_posted_to_wait()
    {
        await using var store = await engine.NewStoreAsync();
        await using var rig = await AuditRig.StartAsync(store);
        await rig.FillAsync(seed: 5, spans: 100);
        await store.AskAsync("DETACH TABLE cost_hourly_feed");
        await store.AskAsync("INSERT INTO cost_ledger SELECT * REPLACE('auditor-2-0-1' AS posting_id, now64(3) AS posted_at) " +
            $"FROM {Three}");
        await store.AskAsync("ATTACH TABLE cost_hourly_feed");

        var report = await rig.AuditAsync();

        var check = report.Checks.Single(made => made.Name == "rollup_equals_rows");
        Assert.True(check is { Found: > 0, Repaired: 0, Left: 0 } && check.Deferred == check.Found, report.ToJson(indented: true));
    }

    [Fact]
    public async Task Hours_to_which_rows_are_on_their_way_wait_and_are_repaired_by_the_next_audit()
    {
        await using var real = await engine.NewStoreAsync();
        await using var store = new WatchedStore(real);
        await using var rig = await AuditRig.StartAsync(store);
        await rig.FillAsync(seed: 6, spans: 100);
        await real.AskAsync("TRUNCATE TABLE cost_hourly");
        // The engine in this process runs no insert that nobody waits for, so the answer is made.
        store.Instead = static query => !query.Sql.Contains("position(initial_query_id", StringComparison.Ordinal) ? query : query with
        {
            Sql = "SELECT concat({prefix:String}, 'elsewhere/cost_ledger/1') AS initial_query_id",
        };

        var report = await rig.AuditAsync();
        store.Instead = static query => query;
        var next = await rig.AuditAsync();

        var check = report.Checks.Single(made => made.Name == "rollup_equals_rows");
        Assert.True(check is { Found: > 0, Repaired: 0, Left: 0 } && check.Deferred == check.Found, report.ToJson(indented: true));
        Assert.All(check.Findings, finding => Assert.Contains("on their way", finding.Why, StringComparison.Ordinal));
        Assert.True(next.IsClean && next.Repaired == check.Found, next.ToJson(indented: true));
    }

    private static string Half(string table, string column) => Lost.Replace("{table}", table, StringComparison.Ordinal)
        .Replace("{where}", $"cityHash64({column}) % 2 = 0", StringComparison.Ordinal);

    private static string Reverse(string corrects, string replaced, string where) => Reversal
        .Replace("{corrects}", corrects, StringComparison.Ordinal).Replace("{replaced}", replaced, StringComparison.Ordinal)
        .Replace("{where}", where, StringComparison.Ordinal);
}
