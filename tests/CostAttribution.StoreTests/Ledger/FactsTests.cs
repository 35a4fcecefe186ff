using CostAttribution.ClickHouse.Facts;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;
using CostAttribution.StoreTests.Engine;

namespace CostAttribution.StoreTests.Ledger;

public sealed class FactsTests(EngineFixture engine)
{
    private static readonly TraceId Trace = new(0xaaaa, 1);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData(TransportKind.Embedded), InlineData(TransportKind.Http)]
    public async Task Facts_come_back_in_order_with_the_bytes_they_were_given(TransportKind kind)
    {
        await using var store = await engine.NewStoreAsync(kind);
        var blob = Enumerable.Range(0, 1000).Select(i => (byte)(i * 7)).ToArray();
        await PostAsync(store, "p-2", Facts(2, settled: true, []));
        await PostAsync(store, "p-1", Facts(1, settled: false, [Span(1)], blob));

        var facts = await new LedgerReader(store).LoadFactsAsync([new TraceId(9, 9), Trace], Cancel);

        Assert.Equal([(1, "p-1", false), (2, "p-2", true)], facts.Select(row => (row.Revision, row.PostingId, row.Settled)));
        Assert.Equal(blob, facts[0].Blob.ToArray());
        Assert.Equal("context"u8.ToArray(), facts[1].Context.ToArray());
        Assert.All(facts, row => Assert.Equal((Trace, "run-1"), (row.TraceId, row.RunId)));
    }

    [Fact]
    public async Task The_view_spans_shows_the_newest_version_of_each_span()
    {
        await using var store = await engine.NewStoreAsync();
        await PostAsync(store, "p-1", Facts(1, settled: false, [Span(1), Span(2, span => span.ParentSpanId = new SpanId(1))]));
        await PostAsync(store, "p-2", Facts(2, settled: false, [Span(2, span =>
        {
            span.ParentSpanId = new SpanId(1);
            span.Ownership = Ownership.Duplicate;
            span.SupersededBy = new SpanId(3);
            span.Flags = SpanFlags.LateCorrection | SpanFlags.Orphan;
            span.Reported = [new UnitQuantity("input_tokens", 12)];
            span.Excess = [new UnitQuantity("output_tokens", 5)];
        })]));
        await PostAsync(store, "p-3", Facts(3, settled: true, []));

        Assert.Equal(
            "0000000000000001\t\tapi\tscope\tnone\t\t[]\ttrue\t{}\n" +
            "0000000000000002\t0000000000000001\tapi\tscope\tduplicate\t0000000000000003\t" +
            "['orphan','late_correction']\ttrue\t{'input_tokens':12}",
            await store.AskAsync("SELECT span_id, parent_span_id, service, scope, ownership, superseded_by, flags, " +
                "settled, reported " +
                $"FROM spans WHERE trace_id = '{Trace}' ORDER BY span_id"));
        Assert.Equal("0000000000000002\toutput_tokens\t5",
            await store.AskAsync("SELECT span_id, unit, quantity FROM usage_excess"));
    }

    [Theory, InlineData(TransportKind.Embedded), InlineData(TransportKind.Http)]
    public async Task The_owner_of_a_linked_span_is_what_its_trace_says_of_it_and_not_what_was_inferred(TransportKind kind)
    {
        await using var store = await engine.NewStoreAsync(kind);
        static void Says(SpanFactsRow span, string customer) => (span.SaidCustomer, span.SaidFeature) = (customer, span.Feature);
        await PostAsync(store, "p-1", Facts(1, settled: true, [Span(1, span => Says(span, "c-1")), Span(2, span => Says(span, ""))]));
        await PostAsync(store, "p-2", Facts(2, settled: true, [Span(1, span => Says(span, "c-1"))]));
        await PostAsync(store, "p-3", Facts(1, settled: true, [Span(1, span => Says(span, "")), Span(2, span => Says(span, "c-2"))],
            trace: new TraceId(0xaaaa, 2)));

        var owners = await new LedgerReader(store).LoadSpanOwnersAsync([(Trace, new SpanId(1)), (Trace, new SpanId(2)),
            (Trace, new SpanId(3)), (new TraceId(0xaaaa, 2), new SpanId(1)), (new TraceId(0xaaaa, 2), new SpanId(2))], Cancel);

        Assert.Equal([new StoredSpanOwner(Trace, new SpanId(1), "c-1", ""), new StoredSpanOwner(new TraceId(0xaaaa, 2), new SpanId(2), "c-2", "")],
            owners.OrderBy(owner => owner.TraceId));
    }

    [Fact]
    public async Task A_trace_is_found_by_the_primary_key()
    {
        await using var store = await engine.NewStoreAsync();
        using var block = new TraceFactsBlock();
        for (var i = 1; i <= 2000; i++) block.Append(Facts(1, true, [Span(1)],
            trace: new TraceId((ulong)i * 0x9e3779b97f4a7c15, 1)));
        await store.InsertAsync(block.ToInsert("p-1/trace_facts"), Cancel);

        Assert.Contains("Granules: 1/8", await store.AskAsync($"EXPLAIN indexes = 1 SELECT * FROM spans WHERE trace_id = " +
            $"'{new TraceId(0x9e3779b97f4a7c15, 1)}'"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_is_the_sum_of_the_newest_segments_of_its_traces()
    {
        await using var store = await engine.NewStoreAsync();
        await PostAsync(store, "p-1",
            Segment(1, 1, segment => segment.Status = RunStatus.Open),
            Segment(2, 1, segment => segment.StartedAtMicros += 500_000));
        await PostAsync(store, "p-2", Segment(1, 2, segment =>
        {
            segment.Cost = new Money(5_000_000_000_000);
            segment.Status = RunStatus.Failed;
            segment.EndedAtMicros += 2_000_000;
            segment.PostedAtMillis += 1;
        }));

        Assert.Equal("run-1\t3000\tsupport\tc-1\tfailed\t2\t4\t3\t1\t6\t2\t202\t6.250000000001\t[]", await store.AskAsync(
            "SELECT run_id, duration_ms, workflow, customer_id, status, traces, steps, attempts, retries, calls, " +
                "failed_calls, input_tokens, cost, flags " +
            "FROM workflow_runs SETTINGS output_format_decimal_trailing_zeros = 1"));

        await PostAsync(store, "p-3", Segment(3, 1, segment => segment.CustomerId = "c-2"));
        Assert.Equal("\t['mixed_customers']\t3",
            await store.AskAsync("SELECT customer_id, flags, traces FROM workflow_runs WHERE run_id = 'run-1'"));
    }

    [Fact]
    public async Task A_run_that_a_trace_has_left_is_not_shown()
    {
        await using var store = await engine.NewStoreAsync();
        await PostAsync(store, "p-1", Segment(1, 1, segment => segment.RunId = "left"), Segment(2, 1, segment => segment.RunId = "kept"));
        await PostAsync(store, "p-2", Segment(1, 2, segment => segment.RunId = "kept"), new RunSegmentRow
        {
            RunId = "left", TraceId = new TraceId(0xaaaa, 1), Revision = 2, PostedAtMillis = LedgerEntries.BaseMicros / 1000,
            StartedAtMicros = LedgerEntries.BaseMicros, EndedAtMicros = LedgerEntries.BaseMicros, Status = RunStatus.Completed,
        });

        Assert.Equal("kept\t2", await store.AskAsync("SELECT run_id, traces FROM workflow_runs"));
    }

    [Fact]
    public async Task Unattributed_cost_names_the_span_that_lacks_the_key()
    {
        await using var store = await engine.NewStoreAsync();
        var attributed = LedgerEntries.Create(0, entry => entry.SpanId = new SpanId(1));
        var bare = LedgerEntries.Create(1, entry => (entry.SpanId, entry.CustomerId, entry.FeatureId) = (new SpanId(2), "", ""));
        var reversed = LedgerEntries.Create(2, entry => (entry.SpanId, entry.CustomerId) = (new SpanId(3), ""));
        var reversal = LedgerEntries.Reverse(reversed, 2);
        (reversal.SpanId, reversal.CustomerId) = (new SpanId(3), "");
        await CostLedgerTests.PostAsync(store, "p-1", [attributed, bare, reversed, reversal]);
        await PostAsync(store, "p-1", Facts(1, true, [Span(1), Span(2, span => span.Name = "no customer here"), Span(3)]));

        Assert.Equal(
            """
            customer	api	no customer here	scope	1.000000000022	1
            feature	api	no customer here	scope	1.000000000022	1
            """,
            await store.AskAsync(
                "SELECT dimension, service, span_name, scope, cost, calls FROM unattributed_cost ORDER BY dimension"));
    }

    private static TraceFactsRow Facts(int revision, bool settled, SpanFactsRow[] spans, byte[]? blob = null,
        TraceId? trace = null) => new()
    {
        TraceId = trace ?? Trace,
        Revision = revision,
        PostedAtMillis = LedgerEntries.BaseMicros / 1000 + revision,
        Settled = settled,
        StartedAtMicros = LedgerEntries.BaseMicros,
        EndedAtMicros = LedgerEntries.BaseMicros + 1_000_000,
        RunId = "run-1",
        Spans = spans,
        Blob = blob ?? [],
        Context = "context"u8.ToArray(),
    };

    private static SpanFactsRow Span(ulong id, Action<SpanFactsRow>? change = null)
    {
        var span = new SpanFactsRow
        {
            SpanId = new SpanId(id),
            Name = "chat",
            Service = "api",
            Scope = "scope",
            StartTimeMicros = LedgerEntries.BaseMicros,
            EndTimeMicros = LedgerEntries.BaseMicros + 1,
            Role = "leaf",
            Dialect = "otel",
            Customer = "c-1",
        };
        change?.Invoke(span);
        return span;
    }

    private static RunSegmentRow Segment(ulong trace, int revision, Action<RunSegmentRow> change)
    {
        var segment = new RunSegmentRow
        {
            RunId = "run-1",
            TraceId = new TraceId(0xaaaa, trace),
            Revision = revision,
            PostedAtMillis = LedgerEntries.BaseMicros / 1000,
            StartedAtMicros = LedgerEntries.BaseMicros,
            EndedAtMicros = LedgerEntries.BaseMicros + 1_000_000,
            Workflow = "support",
            CustomerId = "c-1",
            Status = RunStatus.Completed,
            Steps = 2,
            Attempts = (int)trace,
            Retries = trace == 2 ? 1 : 0,
            Calls = 3,
            FailedCalls = 1,
            InputTokens = 101,
            Cost = new Money(1_250_000_000_001),
        };
        change(segment);
        return segment;
    }

    private static async Task PostAsync(IClickHouseTransport store, string postingId, TraceFactsRow row)
    {
        using var block = new TraceFactsBlock();
        row.PostingId = postingId;
        block.Append(row);
        await store.InsertAsync(block.ToInsert($"{postingId}/{block.Table}"), Cancel);
    }

    private static async Task PostAsync(IClickHouseTransport store, string postingId, params RunSegmentRow[] rows)
    {
        using var block = new RunSegmentBlock();
        foreach (var row in rows)
        {
            row.PostingId = postingId;
            block.Append(row);
        }
        await store.InsertAsync(block.ToInsert($"{postingId}/{block.Table}"), Cancel);
    }
}
