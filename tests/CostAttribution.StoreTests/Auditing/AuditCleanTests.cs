using CostAttribution.ClickHouse.Auditing;
using CostAttribution.StoreTests.Engine;

namespace CostAttribution.StoreTests.Auditing;

/// <summary>Where nothing is wrong nothing is found, and nothing is written but the report.</summary>
public sealed class AuditCleanTests(EngineFixture engine)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_ledger_as_the_program_wrote_it_is_found_clean()
    {
        await using var store = await engine.NewStoreAsync();
        await using var rig = await AuditRig.StartAsync(store);
        await rig.FillAsync(seed: 11, spans: 1500);
        const string everything = "SELECT (SELECT count() FROM cost_ledger), (SELECT count() FROM trace_facts), " +
            "(SELECT count() FROM run_segments), (SELECT sum(entries) FROM cost_hourly)";
        var before = await store.AskAsync(everything);

        var report = await rig.AuditAsync();

        Assert.True(report is { State: AuditState.Completed, Found: 0, Rows: > 100, Hours: > 0 }, report.ToJson(indented: true));
        Assert.Equal(before, await store.AskAsync(everything));
        Assert.Equal([report.ToJson()], (await rig.Auditor.Log.ListAsync(10, Cancel)).Select(stored => stored.ToJson()));
    }

    [Fact]
    public async Task Half_done_inserts_of_running_postings_are_no_findings()
    {
        await using var store = await engine.NewStoreAsync();
        await using var rig = await AuditRig.StartAsync(store);
        var filling = rig.FillAsync(seed: 12, spans: 4000);
        var audits = 0;

        do
        {
            var report = await rig.AuditAsync();
            audits++;
            Assert.True(report is { State: AuditState.Completed, Found: 0 }, report.ToJson(indented: true));
        }
        while (!filling.IsCompleted);

        await filling;
        TestContext.Current.SendDiagnosticMessage("audits while postings ran: {0}", audits);
        Assert.True(audits > 1);
    }

    [Fact]
    public async Task Only_what_was_posted_since_is_looked_at_when_that_is_asked()
    {
        await using var store = await engine.NewStoreAsync();
        await using var rig = await AuditRig.StartAsync(store);
        await rig.FillAsync(seed: 13, spans: 200);
        await store.AskAsync("INSERT INTO cost_hourly SELECT * FROM cost_hourly");
        var now = TimeProvider.System.GetUtcNow();

        var later = await rig.Auditor.RunAsync(
            new AuditRequest(AuditTrigger.Hourly, null, null, now.AddMinutes(1), DryRun: true), Cancel);
        var lately = await rig.Auditor.RunAsync(
            new AuditRequest(AuditTrigger.Hourly, null, null, now.AddHours(-1), DryRun: true), Cancel);
        var past = await rig.Auditor.RunAsync(
            new AuditRequest(AuditTrigger.Command, now.AddDays(-90), now.AddDays(-60), null, DryRun: true), Cancel);

        Assert.Equal((0, 0), (later.Rows, later.Found));
        Assert.True(lately is { Rows: > 0, Found: > 0 }, lately.ToJson(indented: true));
        Assert.Equal((0, 0), (past.Rows, past.Found));
    }

    [Fact]
    public async Task A_customer_that_the_session_has_by_now_reaches_rows_of_other_nodes()
    {
        await using var store = await engine.NewStoreAsync();
        var start = TimeProvider.System.GetUtcNow().AddMinutes(-10);
        var (known, unknown) = (AuditRig.Trace("aa", "c-session", start), AuditRig.Trace("bb", "", start.AddMinutes(1)));
        await using var first = await AuditRig.StartAsync(store, "other");
        await using var rig = await AuditRig.StartAsync(store);
        await AuditRig.TellNothingAsync(first, unknown, rig, known);
        const string owners = "SELECT customer_id, sum(calls) FROM cost_ledger GROUP BY customer_id HAVING sum(sign) != 0 ORDER BY customer_id";
        Assert.Equal("\t1\nc-session\t1", await store.AskAsync(owners));

        var report = await rig.AuditAsync();
        var again = await rig.AuditAsync();

        Assert.True(report is { IsClean: true, Repaired: 1 }, report.ToJson(indented: true));
        Assert.Equal("c-session\t2", await store.AskAsync(owners));
        Assert.Equal("audit\t2", await store.AskAsync("SELECT reason, count() FROM cost_ledger WHERE revision > 1 OR sign < 0 GROUP BY reason"));
        Assert.Equal(0, again.Found);
    }

    [Fact]
    public async Task A_customer_that_a_linked_span_has_by_now_reaches_rows_of_other_nodes()
    {
        await using var store = await engine.NewStoreAsync();
        var start = TimeProvider.System.GetUtcNow().AddMinutes(-10);
        var (producer, consumer) = (AuditRig.Trace("cc", "c-link", start, session: "s-a"), AuditRig.Trace("dd", "", start.AddMinutes(1), "s-b", linked: "cc"));
        await using var first = await AuditRig.StartAsync(store, "other");
        await using var rig = await AuditRig.StartAsync(store);
        await AuditRig.TellNothingAsync(first, consumer, rig, producer);
        const string owners = "SELECT customer_id, sum(calls) FROM cost_ledger GROUP BY customer_id HAVING sum(sign) != 0 ORDER BY customer_id";
        Assert.Equal("\t1\nc-link\t1", await store.AskAsync(owners));

        var report = await rig.AuditAsync();
        var again = await rig.AuditAsync();

        Assert.True(report is { IsClean: true, Repaired: 1 }, report.ToJson(indented: true));
        Assert.Equal("c-link\t2", await store.AskAsync(owners));
        Assert.Equal(0, again.Found);
    }
}
