using System.IO.Hashing;
using System.Runtime.InteropServices;
using CostAttribution.ClickHouse.Facts;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Native;

namespace CostAttribution.Ingest.Posting;

/// <summary>
/// A posting read back row by row, to compare it with the store and to cut rows out of it. Works on the kept bytes, so that a
/// posting of an earlier process is treated as one of this process is.
/// </summary>
internal sealed class PostingContent
{
    private const string PostingIdColumn = "posting_id";

    private readonly NativeBlock[] blocks;

    /// <summary>Throws <see cref="InvalidDataException"/> when the blocks are not those of a posting.</summary>
    public PostingContent(EncodedPosting posting)
    {
        Posting = posting;
        blocks = [.. posting.Tables.Select(ReadBlock)];
        Keys = [.. posting.Tables.Select((table, i) => (IReadOnlyList<UInt128>)PostingReader.KeysOf(table.Table, blocks[i]))];
    }

    public EncodedPosting Posting { get; }

    /// <summary>Per table, the identity of each row.</summary>
    public IReadOnlyList<IReadOnlyList<UInt128>> Keys { get; }

    /// <summary>Every row of every table.</summary>
    public int[][] AllRows => [.. blocks.Select(block => Enumerable.Range(0, block.Rows).ToArray())];

    /// <summary>Trace id (lower-case hex) of a row.</summary>
    public string TraceOf(int table, int row) => blocks[table].Column<StringValues>("trace_id").At(row);

    public bool HasOneTrace
    {
        get
        {
            var first = TraceOf(0, 0);
            for (var table = 0; table < blocks.Length; table++)
            {
                for (var row = 0; row < blocks[table].Rows; row++)
                    if (TraceOf(table, row) != first) return false;
            }
            return true;
        }
    }

    /// <summary>When the earliest of the rows says that it was posted, in milliseconds since the Unix epoch.</summary>
    public long PostedAtMillis => blocks.Where(block => block.Rows > 0).Min(block =>
    {
        var times = block.Column<FixedWidthValues>("posted_at");
        return Enumerable.Range(0, block.Rows).Min(times.At<long>);
    });

    /// <summary>The hours (UTC) in which the ledger rows lie.</summary>
    public IReadOnlyList<DateTimeOffset> LedgerHours()
    {
        var hours = new HashSet<long>();
        for (var i = 0; i < blocks.Length; i++)
        {
            if (Posting.Tables[i].Table != CostLedgerBlock.TableName) continue;
            var times = blocks[i].Column<FixedWidthValues>("event_time");
            for (var row = 0; row < blocks[i].Rows; row++) hours.Add(long.DivRem(times.At<long>(row), 3_600_000_000).Quotient);
        }
        return [.. hours.Order().Select(hour => DateTimeOffset.UnixEpoch.AddHours(hour))];
    }

    /// <summary>Some rows of one table, under the same posting id.</summary>
    public EncodedPosting.TableBlock Cut(int table, int[] rows)
    {
        var whole = Posting.Tables[table];
        return rows.Length == whole.Rows ? whole
            : whole with { Rows = rows.Length, Block = NativeBlockCutter.Cut(blocks[table], rows) };
    }

    /// <summary>
    /// The given rows per table as a posting of its own, whose rows bear its id; tables without rows are left out.
    /// </summary>
    public EncodedPosting Cut(string postingId, int[][] rows)
    {
        var tables = new List<EncodedPosting.TableBlock>();
        var (ledgerRows, spanFacts) = (0, 0);
        for (var i = 0; i < blocks.Length; i++)
        {
            if (rows[i].Length == 0) continue;
            var whole = Posting.Tables[i];
            var block = NativeBlockCutter.Cut(blocks[i], rows[i], PostingIdColumn, PostingPieces.RowsOf(postingId));
            tables.Add(whole with { Rows = rows[i].Length, Block = block });
            if (whole.Table == CostLedgerBlock.TableName) ledgerRows = rows[i].Length;
            if (whole.Table == TraceFactsBlock.TableName) spanFacts = SpansIn(blocks[i], rows[i]);
        }
        return new EncodedPosting { PostingId = postingId, LedgerRows = ledgerRows, SpanFacts = spanFacts, Tables = tables };
    }

    /// <summary>A name for some rows of a table: the same rows have the same name in every process.</summary>
    public string NameOf(int table, int[] rows)
    {
        var keys = rows.Select(row => Keys[table][row]).Order().ToArray();
        return XxHash128.HashToUInt128(MemoryMarshal.AsBytes(keys.AsSpan())).ToString("x32",
            System.Globalization.CultureInfo.InvariantCulture);
    }

    private static int SpansIn(NativeBlock facts, int[] rows)
    {
        var spans = facts.Column<ArrayValues>("span_ids");
        return rows.Sum(row => spans.End(row) - spans.Start(row));
    }

    private static NativeBlock ReadBlock(EncodedPosting.TableBlock table) =>
        NativeBlockReader.ReadAll(table.Block) is [var block] && block.Rows == table.Rows ? block
            : throw new InvalidDataException($"a posting's block for {table.Table} does not have its {table.Rows} rows");
}
