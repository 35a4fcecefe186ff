using System.Text;
using CostAttribution.ClickHouse.Auditing;
using CostAttribution.Ingest.Assembly;
using CostAttribution.StoreTests.Engine;

namespace CostAttribution.StoreTests.Auditing;

/// <summary>
/// What a newer program, or damage, left of a trace in the real store cannot be read: the trace is set aside, all others go on, the
/// audit shows it, and brings it in once it can be read.
/// </summary>
public sealed class SetAsideTests(EngineFixture engine)
{
    private const string Trace = "0102030405060708090a0b0c0d0e0f10", Other = "1102030405060708090a0b0c0d0e0f10";

    private const string NewerRow = "INSERT INTO cost_ledger SELECT * REPLACE('newer' AS posting_id, reverse(entry_id) AS entry_id, " +
        $"'00000000000000ff' AS span_id, {{column}}) FROM (SELECT * FROM cost_ledger WHERE trace_id = '{Trace}' LIMIT 1)";

    private const string NewerRowGone = "ALTER TABLE cost_ledger DELETE WHERE posting_id = 'newer' SETTINGS mutations_sync = 1";

    public static TheoryData<string[], string> Damage() => new()
    {
        {
            [$"INSERT INTO trace_facts SELECT * REPLACE('no batch' AS blob, revision + 1 AS revision, 'newer' AS posting_id) " +
                $"FROM (SELECT * FROM trace_facts WHERE trace_id = '{Trace}' LIMIT 1)"],
            "ALTER TABLE trace_facts DELETE WHERE posting_id = 'newer' SETTINGS mutations_sync = 1"
        },
        { [NewerRow.Replace("{column}", "'reviewed' AS reason", StringComparison.Ordinal)], NewerRowGone },
        { [NewerRow.Replace("{column}", "['of_tomorrow'] AS flags", StringComparison.Ordinal)], NewerRowGone },
        {
            [
                "ALTER TABLE cost_ledger MODIFY COLUMN call_status Enum8('unknown' = 0, 'ok' = 1, 'error' = 2, 'aborted' = 3, 'parked' = 9)",
                NewerRow.Replace("{column}", "'parked' AS call_status", StringComparison.Ordinal),
            ],
            NewerRowGone
        },
    };

    [Theory]
    [MemberData(nameof(Damage))]
    public async Task A_trace_that_cannot_be_read_is_set_aside_and_comes_in_once_it_can(string[] damage, string mend)
    {
        await using var store = await engine.NewStoreAsync();
        await using var rig = await AuditRig.StartAsync(store);
        await rig.OfferAsync(Request(Trace, Root, Call(2)));
        await rig.SettledAsync(calls: 1);
        // Out of memory: the next span of it is looked up.
        var (assembly, seen) = (rig.Pipeline.AssemblyMetrics, rig.Pipeline.AssemblyMetrics.Observations);
        await rig.UntilAsync(() => assembly.Observations > seen + 1 && assembly.OpenTraces == 0);
        foreach (var statement in damage) await store.AskAsync(statement);
        var rows = await RowsAsync(rig, Trace);

        await rig.OfferAsync(Request(Trace, Call(3)));
        await rig.OfferAsync(Request(Other, Root, Call(2)));
        await rig.UntilAsync(() => rig.Pipeline.TracesSetAside.Count == 1);
        await rig.UntilAsync(async () => await RowsAsync(rig, Other) == "1");

        Assert.Equal(rows, await RowsAsync(rig, Trace));
        Assert.Equal(1, rig.Pipeline.AssemblyMetrics.CountOf(AssemblyReason.TraceSetAside));
        var found = await CheckAsync(rig);
        var finding = Assert.Single(found.Findings);
        Assert.Equal((1, 1, 0), (found.Found, found.Left, found.Repaired));
        Assert.Equal(("trace_set_aside", Trace, AuditOutcome.Left), (finding.Kind, finding.Subject, finding.Outcome));

        await store.AskAsync(mend);
        var repaired = await CheckAsync(rig);

        Assert.Equal((1, 0, 1), (repaired.Found, repaired.Left, repaired.Repaired));
        Assert.Equal("2", await RowsAsync(rig, Trace));
        Assert.Empty(rig.Pipeline.TracesSetAside);
        var clean = await rig.AuditAsync();
        Assert.True(clean is { State: AuditState.Completed, Found: 0 }, clean.ToJson(indented: true));
    }

    private static async Task<AuditCheckReport> CheckAsync(AuditRig rig) =>
        (await rig.AuditAsync()).Checks.Single(check => check.Name == "traces_can_be_read");

    private static Task<string> RowsAsync(AuditRig rig, string trace) =>
        rig.Store.AskAsync($"SELECT count() FROM cost_ledger WHERE trace_id = '{trace}'");

    private static string Root => Span(1, "", """{"key":"customer.id","value":{"stringValue":"c-1"}}""");

    private static string Call(int number) => Span(number, "0000000000000001", """
        {"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},{"key":"gen_ai.provider.name","value":{"stringValue":"openai"}},
        {"key":"gen_ai.request.model","value":{"stringValue":"gpt-4o"}},{"key":"gen_ai.usage.input_tokens","value":{"intValue":"100"}},
        {"key":"gen_ai.usage.output_tokens","value":{"intValue":"10"}}
        """);

    private static string Span(int number, string parent, string attributes)
    {
        var start = TimeProvider.System.GetUtcNow().AddMinutes(-1).ToUnixTimeMilliseconds() * 1_000_000;
        return $$"""
            {"traceId":"{trace}","spanId":"{{number:x16}}","parentSpanId":"{{parent}}","name":"span {{number}}","kind":3,
            "startTimeUnixNano":"{{start}}","endTimeUnixNano":"{{start + 1_000_000}}","attributes":[{{attributes}}]}
            """;
    }

    private static byte[] Request(string trace, params string[] spans) => Encoding.UTF8.GetBytes("""
        {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"s"}}]},
        "scopeSpans":[{"scope":{"name":"t"},"spans":[{spans}]}]}]}
        """.Replace("{spans}", string.Join(",", spans), StringComparison.Ordinal).Replace("{trace}", trace, StringComparison.Ordinal));
}
