using System.Globalization;
using CostAttribution.ClickHouse.Auditing;
using CostAttribution.ClickHouse.Facts;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Native;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Tracing;
using CostAttribution.Ingest.Posting;
using CostAttribution.Journal.Postings;

namespace CostAttribution.Ingest.Auditing;

/// <summary>
/// Says what refused postings hold: counts, money, traces. Reads their files only, so it works without a store.
/// </summary>
public sealed class RefusedReader(RefusedFiles files)
{
    /// <summary>All of them, in ordinal order. Throws <see cref="Journal.JournalException"/> when the disk fails.</summary>
    public IReadOnlyList<RefusedPosting> List() =>
        [.. files.List().Select(file => Find(file.PostingId)?.Listed()).OfType<RefusedPosting>()];

    /// <summary>One of them; null when there is none of that id.</summary>
    public RefusedPosting? Find(string postingId)
    {
        if (files.TryRead(postingId) is not { } file) return null;
        var lines = file.Description.Split('\n');
        var posting = new RefusedPosting
        {
            PostingId = postingId,
            Bytes = file.Description.Length + file.Content.Length,
            RefusedBy = ValueOf("refused by"),
            Code = int.TryParse(ValueOf("code"), CultureInfo.InvariantCulture, out var code) ? code : null,
            Reason = ValueOf("reason"),
        };
        // One that was never sent has no code, and nothing refused it.
        if (posting.Code is null) posting = posting with { RefusedBy = "" };
        try
        {
            return Summarise(posting, Read(postingId, file));
        }
        catch (InvalidDataException fault)
        {
            return posting with { Fault = fault.Message };
        }

        string ValueOf(string name) =>
            lines.FirstOrDefault(line => line.StartsWith(name + ": ", StringComparison.Ordinal))?[(name.Length + 2)..] ?? "";
    }

    /// <summary>
    /// The traces of a posting with the encoded batches of spans that its facts hold, in the order in which they were written.
    /// Throws <see cref="InvalidDataException"/> when one of them cannot be read.
    /// </summary>
    internal static IReadOnlyDictionary<TraceId, List<ReadOnlyMemory<byte>>> SpansOf(string postingId, RefusedFile file,
        AttributeKeyTable keys)
    {
        var spans = new Dictionary<TraceId, List<ReadOnlyMemory<byte>>>();
        foreach (var (table, block) in Read(postingId, file))
        {
            if (block.Rows == 0) continue;
            var ids = block.Column<StringValues>("trace_id");
            var blobs = table == TraceFactsBlock.TableName ? block.Column<StringValues>("blob") : null;
            for (var row = 0; row < block.Rows; row++)
            {
                if (!TraceId.TryParse(ids.At(row), out var trace))
                    throw new InvalidDataException($"posting {postingId} has a trace id that is none");
                if (!spans.TryGetValue(trace, out var batches)) spans[trace] = batches = [];
                if (blobs is null || blobs.BytesAt(row) is not { IsEmpty: false } blob) continue;
                using (SpanBatch.Decode(blob.Span, keys)) batches.Add(blob);
            }
        }
        return spans;
    }

    private static List<(string Table, NativeBlock Block)> Read(string postingId, RefusedFile file) =>
        [.. EncodedPosting.FromBytes(postingId, file.Content).Tables.Select(table => (table.Table,
            NativeBlockReader.ReadAll(table.Block) is [var block] && block.Rows == table.Rows ? block
                : throw new InvalidDataException($"posting {postingId} is damaged")))];

    private static RefusedPosting Summarise(RefusedPosting posting, List<(string Table, NativeBlock Block)> tables)
    {
        var traces = new Dictionary<string, Tally>(StringComparer.Ordinal);
        DateTimeOffset? postedAt = null;
        foreach (var (table, block) in tables)
        {
            if (block.Rows == 0) continue;
            var ids = block.Column<StringValues>("trace_id");
            postedAt ??= DateTimeOffset.FromUnixTimeMilliseconds(block.Column<FixedWidthValues>("posted_at").At<long>(0));
            for (var row = 0; row < block.Rows; row++)
            {
                if (!traces.TryGetValue(ids.At(row), out var tally)) traces[ids.At(row)] = tally = new Tally();
                if (table == CostLedgerBlock.TableName) tally.AddRow(block.Column<FixedWidthValues>("cost").At<Int128>(row));
                if (table == TraceFactsBlock.TableName) tally.AddFacts(block, row);
            }
        }
        return posting with
        {
            PostedAt = postedAt,
            Rows = tables.ToDictionary(table => table.Table, table => table.Block.Rows),
            Spans = traces.Values.Sum(tally => tally.Spans),
            Cost = traces.Values.Aggregate(Money.Zero, (sum, tally) => sum + tally.Cost).ToString(),
            TraceCount = traces.Count,
            Traces = [.. traces.OrderByDescending(trace => trace.Value.Cost).ThenBy(trace => trace.Key, StringComparer.Ordinal)
                .Select(trace => trace.Value.Of(trace.Key))],
        };
    }

    private sealed class Tally
    {
        private long? from, to;
        private int rows;

        public int Spans { get; private set; }
        public Money Cost { get; private set; }

        public void AddRow(Int128 picoUsd)
        {
            rows++;
            Cost += new Money(picoUsd);
        }

        public void AddFacts(NativeBlock block, int row)
        {
            var spans = block.Column<ArrayValues>("span_ids");
            Spans += spans.End(row) - spans.Start(row);
            var (started, ended) = (block.Column<FixedWidthValues>("started_at").At<long>(row),
                block.Column<FixedWidthValues>("ended_at").At<long>(row));
            (from, to) = (Math.Min(from ?? long.MaxValue, started), Math.Max(to ?? long.MinValue, ended));
        }

        public RefusedTrace Of(string traceId) => new(traceId, rows, Spans, Cost.ToString(), Instant(from), Instant(to));

        private static DateTimeOffset? Instant(long? micros) =>
            micros is { } known ? DateTimeOffset.UnixEpoch.AddMicroseconds(known) : null;
    }
}
