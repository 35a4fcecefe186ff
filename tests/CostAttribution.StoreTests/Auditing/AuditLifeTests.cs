using CostAttribution.ClickHouse.Auditing;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Ingest.Auditing;
using CostAttribution.StoreTests.Engine;

namespace CostAttribution.StoreTests.Auditing;

/// <summary>What audits leave to others and to the next one, and what they tell when they are cut off.</summary>
public sealed class AuditLifeTests(EngineFixture engine)
{
    private const string Strays = "INSERT INTO cost_ledger SELECT * REPLACE('auditor-1-0-5abe' AS posting_id, '00000000000000aa' AS span_id, " +
        "reverse(entry_id) AS entry_id) FROM (SELECT * FROM cost_ledger WHERE sign = 1 AND cost > 0 ORDER BY trace_id, span_id LIMIT 1 BY trace_id LIMIT 3)";

    private const string Owners = "SELECT customer_id, sum(calls) FROM cost_ledger GROUP BY customer_id HAVING sum(sign) != 0 ORDER BY customer_id";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_trace_of_another_living_node_is_left_to_that_nodes_audit()
    {
        await using var store = await engine.NewStoreAsync();
        var start = TimeProvider.System.GetUtcNow().AddMinutes(-10);
        await using var first = await AuditRig.StartAsync(store, "auditor-b");
        await using var rig = await AuditRig.StartAsync(store);
        await AuditRig.TellNothingAsync(first, AuditRig.Trace("bb", "", start.AddMinutes(1)), rig, AuditRig.Trace("aa", "c-session", start));
        await first.BeatAsync();
        await rig.BeatAsync();

        var elsewhere = await rig.AuditAsync();
        Assert.True(elsewhere is { State: AuditState.Completed, Found: 0 }, elsewhere.ToJson(indented: true));
        Assert.Equal(1, elsewhere.Checks.Single(check => check.Name == "owners_found_later").Elsewhere);
        Assert.Equal("\t1\nc-session\t1", await store.AskAsync(Owners));

        var own = await first.AuditAsync();
        Assert.True(own is { IsClean: true, Repaired: 1 }, own.ToJson(indented: true));
        Assert.Equal("c-session\t2", await store.AskAsync(Owners));
    }

    [Fact]
    public async Task What_is_wrong_with_a_trace_of_another_living_node_is_told_and_waits()
    {
        await using var store = await engine.NewStoreAsync();
        await using var first = await AuditRig.StartAsync(store, "auditor-b");
        await using var rig = await AuditRig.StartAsync(store);
        await first.OfferAsync(AuditRig.Trace("bb", "acme", TimeProvider.System.GetUtcNow().AddMinutes(-10)));
        await first.SettledAsync(1);
        await first.BeatAsync();
        await store.AskAsync("INSERT INTO run_segments SELECT * REPLACE(cost + 1 AS cost, revision + 9 AS revision) FROM run_segments");

        var report = await rig.AuditAsync();

        var check = report.Checks.Single(made => made.Name == "runs_sum_up_rows");
        Assert.True(check is { Found: 1, Deferred: 1, Elsewhere: 1 }, report.ToJson(indented: true));
        Assert.Contains("'auditor-b' holds the trace", Assert.Single(check.Findings).Why, StringComparison.Ordinal);
        Assert.True((await first.AuditAsync()) is { IsClean: true, Repaired: 1 });
    }

    [Fact]
    public async Task More_findings_than_one_audit_takes_have_their_turn_in_the_next_ones()
    {
        await using var store = await engine.NewStoreAsync();
        await using var rig = await AuditRig.StartAsync(store, options: new AuditOptions { SuspectsMax = 1 });
        await rig.FillAsync(seed: 21, spans: 200);
        await store.AskAsync(Strays);

        var seen = new List<string>();
        for (var audit = 0; audit < 4; audit++)
        {
            var check = (await rig.AuditAsync()).Checks.Single(made => made.Name == "facts_match_rows");
            Assert.Equal((3, 1, 2), (check.Found, check.Left, check.Deferred));
            seen.Add(Assert.Single(check.Findings).Subject);
        }

        Assert.Equal(3, seen.Distinct().Count());
        Assert.Equal(seen[0], seen[3]);
    }

    [Fact]
    public async Task An_audit_that_is_cut_off_tells_and_keeps_what_it_did()
    {
        await using var engineStore = await engine.NewStoreAsync();
        await using var store = new WatchedStore(engineStore);
        await using var rig = await AuditRig.StartAsync(store);
        await rig.FillAsync(seed: 22, spans: 200);
        await store.AskAsync("INSERT INTO run_segments SELECT * REPLACE(cost + 1 AS cost, revision + 9 AS revision) FROM run_segments " +
            "ORDER BY trace_id LIMIT 2");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        store.OnQuery = sql =>
        {
            if (sql.Contains("lacking", StringComparison.Ordinal)) stop.Cancel();
        };

        var report = await rig.AuditAsync(cancel: stop.Token);

        store.OnQuery = static _ => { };
        Assert.True(report is { State: AuditState.Failed, Repaired: 2 }, report.ToJson(indented: true));
        Assert.Equal(2, report.Checks.Single(check => check.Name == "runs_sum_up_rows").Repaired);
        Assert.Equal([report.ToJson()], (await rig.Auditor.Log.ListAsync(10, Cancel)).Select(stored => stored.ToJson()));
        Assert.Null(rig.Auditor.Current);
    }

    [Fact]
    public async Task A_correction_that_the_store_refuses_is_not_told_as_repaired()
    {
        await using var engineStore = await engine.NewStoreAsync();
        await using var store = new WatchedStore(engineStore);
        var start = TimeProvider.System.GetUtcNow().AddMinutes(-10);
        await using var first = await AuditRig.StartAsync(store, "gone");
        await using var rig = await AuditRig.StartAsync(store);
        await AuditRig.TellNothingAsync(first, AuditRig.Trace("bb", "", start.AddMinutes(1)), rig, AuditRig.Trace("aa", "c-session", start));
        store.OnInsert = insert =>
        {
            if (insert.Table == CostLedgerBlock.TableName) throw new ClickHouseException(117, "Code: 117. DB::Exception: not today (INCORRECT_DATA)");
        };

        var report = await rig.AuditAsync();

        var check = report.Checks.Single(made => made.Name == "owners_found_later");
        Assert.True(check is { Found: 1, Left: 1, Repaired: 0 }, report.ToJson(indented: true));
        Assert.Equal("\t1\nc-session\t1", await store.AskAsync(Owners));
    }

    [Fact]
    public async Task What_ledger_and_rollup_have_both_lost_is_found_in_the_facts()
    {
        await using var store = await engine.NewStoreAsync();
        await using var rig = await AuditRig.StartAsync(store);
        await rig.FillAsync(seed: 23, spans: 100);
        foreach (var file in rig.Spool.ListConfirmed()) Assert.NotEmpty(file.PostingId);
        var sums = await rig.SumsAsync();
        await store.AskAsync("TRUNCATE TABLE cost_ledger");
        await store.AskAsync("TRUNCATE TABLE cost_hourly");

        var report = await rig.AuditAsync();

        Assert.True(report is { IsClean: true, Repaired: > 0 }, report.ToJson(indented: true));
        Assert.Equal(sums, await rig.SumsAsync());
    }

    [Fact]
    public async Task Rows_that_were_lost_are_missed_also_where_nothing_else_was_posted_since()
    {
        await using var store = await engine.NewStoreAsync();
        await using var rig = await AuditRig.StartAsync(store);
        await rig.FillAsync(seed: 24, spans: 100);
        await store.AskAsync("ALTER TABLE cost_ledger DELETE WHERE posting_id = (SELECT max(posting_id) FROM cost_ledger) SETTINGS mutations_sync = 1");

        var later = TimeProvider.System.GetUtcNow().AddMinutes(1);
        var report = await rig.Auditor.RunAsync(new AuditRequest(AuditTrigger.Hourly, null, null, later, DryRun: false), Cancel);

        Assert.True(report is { Rows: 0, Repaired: > 0, Left: 0 }, report.ToJson(indented: true));
    }

    [Fact]
    public async Task Sums_in_two_runs_that_a_trace_has_left_are_mended_by_one_audit()
    {
        await using var store = await engine.NewStoreAsync();
        await using var rig = await AuditRig.StartAsync(store);
        await rig.FillAsync(seed: 25, spans: 100);
        var sums = await rig.SumsAsync();
        const string one = "FROM (SELECT * FROM run_segments WHERE calls > 0 AND run_id NOT LIKE 'stray%' ORDER BY trace_id, revision LIMIT 1)";
        foreach (var (run, revision) in ((string, int)[])[("stray-a", 3), ("stray-b", 4)])
            await store.AskAsync($"INSERT INTO run_segments SELECT * REPLACE('{run}' AS run_id, revision + {revision} AS revision) {one}");
        await store.AskAsync($"INSERT INTO run_segments SELECT * REPLACE(cost + 1 AS cost, revision + 9 AS revision) {one}");

        var report = await rig.AuditAsync();
        var again = await rig.AuditAsync();

        Assert.True(report.IsClean && report.Found > 2, report.ToJson(indented: true));
        Assert.Equal(0, again.Found);
        Assert.Equal(sums, string.Join('\n', (await rig.SumsAsync()).Split('\n').Where(line => !line.StartsWith("stray", StringComparison.Ordinal))));
    }

    [Theory]
    [InlineData(TransportKind.Embedded)]
    [InlineData(TransportKind.Http)]
    public async Task A_report_of_many_findings_is_stored_whole_whatever_the_way(TransportKind kind)
    {
        await using var store = await engine.NewStoreAsync(kind);
        var log = new AuditLog(store);
        var report = ReportOf("a-1", 2000);

        await log.WriteAsync(report, Cancel);
        await log.WriteAsync(report, Cancel);

        Assert.True(report.ToJson().Length > 200_000);
        Assert.Equal(report.ToJson(), (await log.FindAsync("a-1", Cancel))?.ToJson());
        Assert.Single(await log.ListAsync(10, Cancel));
    }

    [Fact]
    public async Task A_report_that_this_program_cannot_read_is_passed_over()
    {
        await using var store = await engine.NewStoreAsync();
        var passed = new List<string>();
        var log = new AuditLog(store, (id, _) => passed.Add(id));
        var first = ReportOf("a-1", 1);
        await log.WriteAsync(first, Cancel);
        await store.AskAsync("INSERT INTO audits SELECT * REPLACE('a-2' AS audit_id, started_at + 60 AS started_at, " +
            "replaceAll(report, 'completed', 'sideways') AS report) FROM audits");

        Assert.Equal(["a-1"], (await log.ListAsync(10, Cancel)).Select(report => report.Id));
        Assert.Equal(["a-2"], passed);
        Assert.Null(await log.NewestAsync("a", [AuditTrigger.Daily], Cancel));
        Assert.Equal(first.StartedAt.AddMinutes(1), await log.LastStartAsync("a", [AuditTrigger.Daily], completed: true, Cancel));
        Assert.Null(await log.LastStartAsync("b", [AuditTrigger.Daily], completed: false, Cancel));
    }

    private static AuditReport ReportOf(string id, int findings) => new()
    {
        Id = id, Node = "a", Trigger = AuditTrigger.Daily, State = AuditState.Completed,
        StartedAt = DateTimeOffset.UnixEpoch.AddDays(20_000), EndedAt = DateTimeOffset.UnixEpoch.AddDays(20_000).AddSeconds(1),
        Checks =
        [
            new AuditCheckReport
            {
                Name = "n", Asserts = "a",
                Findings = [.. Enumerable.Range(0, findings).Select(i => new AuditFinding("kind", $"{i}", new string('x', 80), AuditOutcome.Left, "why"))],
            },
        ],
    };
}
