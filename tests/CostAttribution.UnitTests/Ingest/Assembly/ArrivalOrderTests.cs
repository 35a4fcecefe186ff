using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Tracing;
using CostAttribution.Domain.Usage;
using CostAttribution.Ingest.Assembly;
using CostAttribution.Testing.Costing;

namespace CostAttribution.UnitTests.Ingest.Assembly;

/// <summary>
/// Whatever order spans come in, over how many batches, with what pauses and restarts: what stands in the end is what a costing
/// of all of them at once gives, in every column, and looking again changes nothing.
/// </summary>
public sealed class ArrivalOrderTests
{
    private const int SeedsPerClass = 12;

    /// <summary>How the spans come.</summary>
    public enum Arrival { RootFirst, RootLast, ParentAfterEviction, Duplicate, SplitBatch, TwoExporters, TwoResources, Anyhow }

    public static TheoryData<Arrival, bool> Classes()
    {
        var classes = new TheoryData<Arrival, bool>();
        foreach (var arrival in Enum.GetValues<Arrival>())
        {
            classes.Add(arrival, false);
            classes.Add(arrival, true);
        }
        return classes;
    }

    [Theory, MemberData(nameof(Classes))]
    public void What_stands_in_the_end_depends_on_the_spans_alone(Arrival arrival, bool restarts)
    {
        for (var seed = 0; seed < SeedsPerClass; seed++)
        {
            var random = new Random(seed * 31 + (int)arrival);
            var spans = World(random);
            if (arrival == Arrival.TwoResources) spans = [.. spans, .. Enriched(spans)];
            var expected = InOrder(spans);

            using var bench = NewBench();
            foreach (var (pause, batch) in Batches(arrival, spans, random))
            {
                if (restarts && random.Next(4) == 0) bench.Restart();
                bench.Offer(batch);
                Pass(bench, pause);
            }
            Rest(bench);

            Assert.Equal(expected, Standing(bench.Rows));
            CheckInvariants(bench.Rows);
            var rows = bench.Rows.Count;
            var postings = bench.Postings.Count;
            bench.Restart();
            bench.Replay(spans);
            Rest(bench);
            Assert.Equal((rows, postings), (bench.Rows.Count, bench.Postings.Count));
        }
    }

    // One trace with agents, tools, a wrapper around a call, a retry, a second customer; a trace of the same session and one of
    // the same run that lack the customer; a consumer.
    private static TestSpan[] World(Random random)
    {
        TestSpan Agent(int id, int parent) => new TestSpan(1, id, parent) { Name = $"invoke_agent {id}" }
            .With("gen_ai.operation.name", "invoke_agent").With("gen_ai.agent.name", $"agent-{id}")
            .With("gen_ai.provider.name", "openai");
        TestSpan Tool(int id, int parent) => new TestSpan(1, id, parent) { Name = $"execute_tool t{id}" }
            .With("gen_ai.operation.name", "execute_tool").With("gen_ai.tool.name", $"t{id}").With("gen_ai.provider.name", "openai");
        List<TestSpan> spans =
        [
            TestSpan.Root(1, 1).With("session.id", "s-1").With("workflow.run.id", "r-1").With("user.id", "u-1"),
            Agent(2, 1), TestSpan.Call(1, 3, 2, 100, 1), Tool(4, 2), TestSpan.Call(1, 5, 4, 200, 2), Agent(6, 2),
            TestSpan.Call(1, 7, 6, 300, 3).With("gen_ai.response.id", "r-7"),
            TestSpan.Call(1, 8, 7, 300, 3).With("gen_ai.response.id", "r-7").With("gen_ai.response.model", "test-model"),
            new TestSpan(1, 9, 1) { Attributes = new() { ["customer.id"] = "globex" } }, TestSpan.Call(1, 10, 9, 400, 4),
            TestSpan.Call(1, 11, 2, 0, 0) with { Status = SpanStatus.Error }, TestSpan.Call(1, 12, 2, 500, 5),
            TestSpan.Call(2, 1, 0, 600, 6).With("session.id", "s-1"),
            new TestSpan(3, 1), TestSpan.Call(3, 2, 1, 700, 7).With("workflow.run.id", "r-1"),
            TestSpan.Call(4, 1, 0, 800, 8) with { Link = (1, 2) },
        ];
        if (random.Next(2) == 0) spans.Add(new TestSpan(1, 20, 6) { Name = "retrieval" });
        for (var id = 30; id < 30 + random.Next(4); id++) spans.Add(TestSpan.Call(1, id, random.Next(2) == 0 ? 2 : 6, id, 1));
        return [.. spans];
    }

    private static IEnumerable<(double Pause, TestSpan[] Batch)> Batches(Arrival arrival, TestSpan[] spans, Random random)
    {
        switch (arrival)
        {
            case Arrival.RootFirst:
                foreach (var span in spans) yield return (random.Next(4), [span]);
                break;
            case Arrival.RootLast:
                foreach (var span in spans.Reverse()) yield return (random.Next(20), [span]);
                break;
            case Arrival.ParentAfterEviction:
                yield return (150, [.. spans.Where(span => span.Id != 2 && span.Id != 1)]);
                yield return (150, [.. spans.Where(span => span.Id == 2)]);
                yield return (0, [.. spans.Where(span => span.Id == 1)]);
                break;
            case Arrival.Duplicate:
                foreach (var span in spans)
                {
                    yield return (random.Next(3), [span, span]);
                    yield return (random.Next(40), [spans[random.Next(spans.Length)]]);
                }
                break;
            case Arrival.SplitBatch:
                random.Shuffle(spans);
                foreach (var batch in spans.Chunk(1 + random.Next(5))) yield return (random.Next(3) * 8, batch);
                break;
            case Arrival.TwoExporters:
                foreach (var span in spans.Where(span => span.Id % 2 == 0)) yield return (1, [span]);
                yield return (90, []);
                foreach (var span in spans.Where(span => span.Id % 2 == 1)) yield return (1, [span]);
                break;
            default:
                random.Shuffle(spans);
                foreach (var span in spans)
                    yield return (random.Next(5) switch { 0 => 0, 1 => 3, 2 => 20, 3 => 75, _ => 140 }, [span]);
                break;
        }
    }

    // The same batch over another Collector, whose processors add to the resource.
    private static IEnumerable<TestSpan> Enriched(TestSpan[] spans) => spans.Where(span => span.Id % 3 != 0)
        .Select(span => span with { Resource = new() { ["customer.id"] = "dedicated", ["deployment.environment.name"] = "eu" } });

    private static AssemblyBench NewBench() =>
        new(new AssemblyOptions { PostedFilterBitsLog2 = 16, CostlessKept = TimeSpan.FromHours(6) });

    private static List<string> InOrder(TestSpan[] spans)
    {
        using var bench = NewBench();
        bench.Offer(spans);
        Rest(bench);
        return Standing(bench.Rows);
    }

    private static void Pass(AssemblyBench bench, double seconds)
    {
        for (; seconds > 0; seconds -= 5)
        {
            bench.Pass(Math.Min(seconds, 5));
            bench.Answer();
        }
    }

    private static void Rest(AssemblyBench bench)
    {
        Pass(bench, 90);
        Assert.Equal(0, bench.Ask().Count);
    }

    // All that a row says, apart from how it came about.
    private static List<string> Standing(IEnumerable<LedgerEntry> rows) =>
        [.. Net(rows).Select(entry =>
        {
            var flags = entry.Flags;
            entry.Flags &= ~SpanFlags.LateCorrection;
            var text = $"{entry.TraceId} {CostsText.Of(entry)}";
            entry.Flags = flags;
            return text;
        }).Order(StringComparer.Ordinal)];

    private static IEnumerable<LedgerEntry> Net(IEnumerable<LedgerEntry> rows)
    {
        var reversed = rows.Where(row => row.Sign < 0).Select(row => row.Corrects).ToHashSet();
        return rows.Where(row => row.Sign > 0 && !reversed.Contains(row.EntryId));
    }

    private static void CheckInvariants(List<LedgerEntry> rows)
    {
        Assert.All(rows.Where(row => row.Sign < 0).GroupBy(row => row.Corrects), group => Assert.Single(group));
        Assert.All(rows.GroupBy(row => row.EntryId), group => Assert.Single(group));
        Assert.All(rows.GroupBy(row => (row.TraceId, row.SpanId, row.CostItem)),
            group => Assert.InRange(group.Sum(row => row.Sign), 0, 1));
        var byId = rows.ToDictionary(row => row.EntryId);
        foreach (var reversal in rows.Where(row => row.Sign < 0))
            Assert.Equal(CostsText.Of(byId[reversal.Corrects]), CostsText.Of(reversal));
        // A correction that says what the corrected row said was not needed.
        foreach (var replaced in rows.Where(row => row.Sign > 0 && row.Revision > 1))
        {
            var before = rows.Single(row => row.Sign > 0 && row.Revision == replaced.Revision - 1
                && (row.TraceId, row.SpanId, row.CostItem) == (replaced.TraceId, replaced.SpanId, replaced.CostItem));
            if (rows.Exists(row => row.Corrects == before.EntryId && row.PostingId == replaced.PostingId))
                Assert.NotEqual(Standing([before]), Standing([replaced]));
        }
    }
}
