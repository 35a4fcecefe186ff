using System.Text.Json;
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
        var (known, unknown) = (Trace("aa", "c-session", start), Trace("bb", "", start.AddMinutes(1)));
        // Two nodes at once, which tell each other nothing; the one that knows comes second.
        await using var first = await AuditRig.StartAsync(store, "other");
        await using var rig = await AuditRig.StartAsync(store);
        await first.OfferAsync(unknown);
        await first.SettledAsync(1);
        await rig.OfferAsync(known);
        await rig.SettledAsync(2);
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
        var (producer, consumer) = (Trace("cc", "c-link", start, session: "s-a"), Trace("dd", "", start.AddMinutes(1), "s-b", linked: "cc"));
        await using var first = await AuditRig.StartAsync(store, "other");
        await using var rig = await AuditRig.StartAsync(store);
        await first.OfferAsync(consumer);
        await first.SettledAsync(1);
        await rig.OfferAsync(producer);
        await rig.SettledAsync(2);
        const string owners = "SELECT customer_id, sum(calls) FROM cost_ledger GROUP BY customer_id HAVING sum(sign) != 0 ORDER BY customer_id";
        Assert.Equal("\t1\nc-link\t1", await store.AskAsync(owners));

        var report = await rig.AuditAsync();
        var again = await rig.AuditAsync();

        Assert.True(report is { IsClean: true, Repaired: 1 }, report.ToJson(indented: true));
        Assert.Equal("c-link\t2", await store.AskAsync(owners));
        Assert.Equal(0, again.Found);
    }

    private static byte[] Trace(string id, string customer, DateTimeOffset start, string session = "s-1", string linked = "")
    {
        var nanos = (start.ToUnixTimeMilliseconds() * 1_000_000).ToString(System.Globalization.CultureInfo.InvariantCulture);
        object Text(string key, string value) => new { key, value = new { stringValue = value } };
        object Count(string key, int value) => new { key, value = new { intValue = value.ToString(System.Globalization.CultureInfo.InvariantCulture) } };
        object[] attributes =
        [
            Text("gen_ai.operation.name", "chat"), Text("gen_ai.provider.name", "openai"), Text("gen_ai.request.model", "gpt-4.1-2025-04-14"),
            Text("gen_ai.response.model", "gpt-4.1-2025-04-14"), Text("gen_ai.conversation.id", session), Text("feature.id", "f-1"),
            Count("gen_ai.usage.input_tokens", 100), Count("gen_ai.usage.output_tokens", 10),
            .. customer.Length > 0 ? [Text("customer.id", customer)] : Array.Empty<object>(),
        ];
        var span = new
        {
            traceId = string.Concat(Enumerable.Repeat(id, 16)), spanId = "00000000000000" + id, name = "chat", kind = 3,
            startTimeUnixNano = nanos, endTimeUnixNano = nanos, attributes,
            links = linked.Length == 0 ? []
                : new[] { new { traceId = string.Concat(Enumerable.Repeat(linked, 16)), spanId = "00000000000000" + linked } },
        };
        return JsonSerializer.SerializeToUtf8Bytes(new
        {
            resourceSpans = new[] { new { resource = new { attributes = Array.Empty<object>() }, scopeSpans = new[] { new { spans = new[] { span } } } } },
        });
    }
}
