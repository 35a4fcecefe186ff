using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Tracing;
using CostAttribution.Domain.Usage;
using CostAttribution.Ingest.Assembly;
using CostAttribution.Otlp;
using CostAttribution.Testing.Costing;
using CostAttribution.Testing.Otlp;
using CostAttribution.Testing.Wire.Collector;
using CostAttribution.UnitTests.Ingest.Assembly;
using Google.Protobuf;

namespace CostAttribution.UnitTests.Costing;

/// <summary>How a request is written.</summary>
public enum WireForm { Protobuf, ScrambledProtobuf, OwnWriter, Json }

/// <summary>
/// Requests as bytes through the real decoder, assembler, costing and posting, on a manual clock; the store answers from what
/// was posted.
/// </summary>
internal sealed class OtlpBench : IDisposable
{
    private readonly AssemblyBench bench;
    private readonly OtlpTraceReader reader = new(AttributeKeyTable.Default, OtlpLimits.Default);

    public OtlpBench(RateBook rates, AttributionTable? attribution = null) => bench = new AssemblyBench(
        new AssemblyOptions { PostedFilterBitsLog2 = 16, CostlessKept = TimeSpan.FromHours(6) }, attribution: attribution, rates: rates);

    /// <summary>Every row posted so far, reversals included.</summary>
    public List<LedgerEntry> Rows => bench.Rows;

    /// <summary>What the store last heard of each span.</summary>
    public Dictionary<SpanId, ClickHouse.Facts.SpanFactsRow> Facts => bench.Postings.SelectMany(posting => posting.Spans)
        .GroupBy(row => row.SpanId).ToDictionary(rows => rows.Key, rows => rows.Last());

    public int Postings => bench.Postings.Count;

    /// <summary>Sends the requests with their pauses, and waits until nothing is open any more.</summary>
    public void Run(IEnumerable<Arrival> arrivals, WireForm form)
    {
        var random = new Random((int)form + 1);
        foreach (var (spans, seconds) in arrivals)
        {
            Send(Encode(spans, form, random), form == WireForm.Json);
            Pass(seconds);
        }
        Rest();
    }

    public void Send(ReadOnlySpan<byte> body, bool json)
    {
        var received = (ulong)bench.Clock.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000;
        var result = json ? reader.ReadJson(body, received) : reader.ReadProtobuf(body, received);
        Assert.Null(result.Error);
        Assert.Equal(0, result.RejectedSpans);
        bench.Offer(result.Batch!);
    }

    /// <summary>Lets time pass; the store answers every few seconds.</summary>
    public void Pass(double seconds)
    {
        for (; seconds > 0; seconds -= 5)
        {
            bench.Pass(Math.Min(seconds, 5));
            bench.Answer();
        }
    }

    public void Rest()
    {
        Pass(90);
        Assert.Equal(0, bench.Ask().Count);
    }

    public void Dispose()
    {
        reader.Dispose();
        bench.Dispose();
    }

    /// <summary>
    /// What stands, a text per row: rows that no reversal names, without the flag that says that they once were corrected.
    /// </summary>
    public static List<string> Standing(IEnumerable<LedgerEntry> rows) => [.. Net(rows).Select(TextOf).Order(StringComparer.Ordinal)];

    public static IEnumerable<LedgerEntry> Net(IEnumerable<LedgerEntry> rows)
    {
        var all = rows.ToArray();
        var reversed = all.Where(row => row.Sign < 0).Select(row => row.Corrects).ToHashSet();
        return all.Where(row => row.Sign > 0 && !reversed.Contains(row.EntryId));
    }

    public static string TextOf(LedgerEntry entry)
    {
        var flags = entry.Flags;
        entry.Flags &= ~SpanFlags.LateCorrection;
        var text = $"{entry.TraceId} {CostsText.Of(entry)}";
        entry.Flags = flags;
        return text;
    }

    /// <summary>
    /// The signed sum of every number of the ledger, by span: what a query over the ledger table adds up, reversals included.
    /// </summary>
    public static List<string> Sums(IEnumerable<LedgerEntry> rows) => [.. rows
        .GroupBy(row => (row.TraceId, row.SpanId, row.CostItem)).Select(group =>
        {
            var units = group.SelectMany(row => (row.Usage.OtherUnits ?? [])
                    .Select(unit => (unit.Unit, Sum: row.Sign * unit.Quantity)))
                .GroupBy(unit => unit.Unit, unit => unit.Sum).Where(sum => sum.Sum() != 0)
                .Select(sum => $"{sum.Key}:{sum.Sum()}").Order(StringComparer.Ordinal);
            return (group.Key, Text: $"calls={Sum(group, row => row.Calls)} failed={Sum(group, row => row.FailedCalls)} "
                + $"unc={Sum(group, row => row.Usage.InputTokens)} cr={Sum(group, row => row.Usage.CacheReadTokens)} "
                + $"cw={Sum(group, row => row.Usage.CacheWriteTokens)} hour={Sum(group, row => row.Usage.CacheWrite1hTokens)} "
                + $"out={Sum(group, row => row.Usage.OutputTokens)} reason={Sum(group, row => row.Usage.ReasoningTokens)} "
                + $"cost={Sum(group, row => row.Cost.Cost.PicoUsd)} list={Sum(group, row => row.Cost.ListCost.PicoUsd)} "
                + $"rows={Sum(group, _ => 1)} {string.Join(',', units)}");
        })
        // Whatever was taken back must be zero in every column.
        .Where(sum => sum.Text.Any(letter => letter is >= '1' and <= '9'))
        .Select(sum => $"{sum.Key} {sum.Text}").Order(StringComparer.Ordinal)];

    private static Int128 Sum(IEnumerable<LedgerEntry> rows, Func<LedgerEntry, Int128> value)
    {
        Int128 sum = 0;
        foreach (var row in rows) sum += row.Sign * value(row);
        return sum;
    }

    private static byte[] Encode(IReadOnlyList<SpanPlan> spans, WireForm form, Random random) => form switch
    {
        WireForm.Protobuf => PlanRequests.ToRequest(spans).ToByteArray(),
        WireForm.ScrambledProtobuf => new WireScrambler(random, splitsLists: true).Scramble(
            ExportTraceServiceRequest.Descriptor, PlanRequests.ToRequest(spans).ToByteArray()),
        WireForm.OwnWriter => PlanRequests.Write(spans),
        _ => new OtlpJsonWriter(random).Write(PlanRequests.ToRequest(spans)),
    };
}
