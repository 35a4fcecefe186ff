using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using CostAttribution.ClickHouse.Facts;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Native;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Identity;
using CostAttribution.Simulation.Running;

namespace CostAttribution.Simulation.Store;

/// <summary>
/// Answers the product's statements, known by their beginning, from the tables. A statement that is not known ends the run: the
/// double must be taught before the product may rely on it.
/// </summary>
internal static partial class StoreAnswers
{
    private const string IdColumn = " WHERE trace_id IN (";
    private static readonly string LedgerOfTraces = $"SELECT {LedgerRowReader.ColumnList} FROM {CostLedgerBlock.TableName}{IdColumn}";
    private const string FactsOfTraces = "SELECT trace_id, revision, posting_id, settled, run_id, blob, context FROM " +
        TraceFactsBlock.TableName + IdColumn;
    private const string OwnersOfSpans = "SELECT trace_id, span_id, customer_id, feature_id FROM spans" + IdColumn;
    private const string RowsOfPostings = "SELECT '" + CostLedgerBlock.TableName + "' AS name, posting_id, count() AS rows FROM ";
    private const string LedgerKeys = "SELECT entry_id FROM " + CostLedgerBlock.TableName + " WHERE posting_id = ";
    private const string FactsKeys = "SELECT trace_id, revision FROM " + TraceFactsBlock.TableName + " WHERE posting_id = ";
    private const string SegmentKeys = "SELECT run_id, trace_id, revision FROM " + RunSegmentBlock.TableName + " WHERE posting_id = ";
    private const string HoursOfPostings = "SELECT DISTINCT toStartOfHour(event_time) AS hour FROM " + CostLedgerBlock.TableName;
    private const string HoursApart = "SELECT DISTINCT hour FROM (";
    private const string GroupsApart = "SELECT hour, " + RollupDifference.Dimensions + ", sum(";
    private const string IsEmpty = "SELECT count() = 0 FROM (SELECT 1 FROM " + CostLedgerBlock.TableName + " LIMIT 1 UNION ALL " +
        "SELECT 1 FROM " + TraceFactsBlock.TableName + " LIMIT 1)";

    public static byte[] To(ClickHouseQuery query, StoreTables tables)
    {
        var sql = query.Sql;
        if (sql == IsEmpty && query.Format == "TabSeparated")
            return Encoding.UTF8.GetBytes(tables.IsEmpty ? "1\n" : "0\n");
        if (query.Format != "Native") throw new SimulationFailure($"the simulated store does not answer in {query.Format}: {sql}");
        if (sql.StartsWith(LedgerOfTraces, StringComparison.Ordinal)) return Ledger(tables.LedgerOf(TracesIn(sql)));
        if (sql.StartsWith(FactsOfTraces, StringComparison.Ordinal)) return Facts(tables.FactsOf(TracesIn(sql)));
        if (sql.StartsWith(OwnersOfSpans, StringComparison.Ordinal)) return Owners(tables.FactsOf(TracesIn(sql)));
        return OfPostings(sql, query, tables) ?? OfRollup(sql, tables) ??
            throw new SimulationFailure($"the simulated store does not know this statement: {sql}");
    }

    private static byte[]? OfPostings(string sql, ClickHouseQuery query, StoreTables tables)
    {
        if (sql.StartsWith(RowsOfPostings, StringComparison.Ordinal)) return Counts(tables);
        if (!query.Parameters.TryGetValue("id", out var id)) return null;
        var own = tables.Inserts.Where(insert => insert.PostingId == id).ToArray();
        if (sql.StartsWith(LedgerKeys, StringComparison.Ordinal)) return Ledger(own.SelectMany(insert => insert.Ledger));
        if (sql.StartsWith(FactsKeys, StringComparison.Ordinal)) return Facts(own.SelectMany(insert => insert.Facts));
        return sql.StartsWith(SegmentKeys, StringComparison.Ordinal) ? Segments(own.SelectMany(insert => insert.Segments)) : null;
    }

    private static byte[]? OfRollup(string sql, StoreTables tables)
    {
        if (sql.StartsWith(HoursOfPostings, StringComparison.Ordinal))
            return Hours(tables.Ledger.Select(row => Rollup.HourOf(row.Entry)));
        if (sql.StartsWith(HoursApart, StringComparison.Ordinal))
            return Hours(tables.Apart(HoursIn(sql)).Select(row => row.HourMicros));
        return sql.StartsWith(GroupsApart, StringComparison.Ordinal) ? Rollup.ToBlock(tables.Apart(HoursIn(sql))) : null;
    }

    private static byte[] Hours(IEnumerable<long> hours)
    {
        using var column = Columns.UInt32();
        foreach (var hour in hours.Distinct()) column.Append((uint)(hour / 1_000_000));
        return Block(("hour", column));
    }

    // The list of "toStartOfHour(event_time) IN (toDateTime(…, 'UTC'), …)".
    private static HashSet<long> HoursIn(string sql) =>
        [.. HourLiteral().Matches(sql).Select(found => long.Parse(found.Groups[1].ValueSpan, CultureInfo.InvariantCulture) * 1_000_000)];

    [GeneratedRegex(@"toDateTime\((\d+), 'UTC'\)")]
    private static partial Regex HourLiteral();

    private static byte[] Segments(IEnumerable<SegmentRow> rows)
    {
        using StringColumn runs = Columns.String(), traces = Columns.String();
        using var revisions = Columns.UInt32();
        foreach (var row in rows)
        {
            runs.Append(row.RunId);
            traces.Append(row.TraceId.ToString());
            revisions.Append((uint)row.Revision);
        }
        return Block(("run_id", runs), ("trace_id", traces), ("revision", revisions));
    }

    private static HashSet<TraceId> TracesIn(string sql)
    {
        var start = sql.IndexOf(IdColumn, StringComparison.Ordinal) + IdColumn.Length;
        var list = sql[start..sql.IndexOf(')', start)];
        return [.. list.Split(',').Select(text => LedgerRowReader.ParseTrace(text.Trim('\'')))];
    }

    private static byte[] Ledger(IEnumerable<LedgerRow> rows)
    {
        using var block = new CostLedgerBlock();
        foreach (var row in rows) block.Append(row.Entry);
        return Bytes(block);
    }

    private static byte[] Facts(IEnumerable<FactsRow> rows)
    {
        using var block = new TraceFactsBlock();
        foreach (var (stored, _) in rows.OrderBy(row => row.Stored.TraceId).ThenBy(row => row.Stored.Revision))
        {
            block.Append(new TraceFactsRow
            {
                TraceId = stored.TraceId, Revision = stored.Revision, PostingId = stored.PostingId, Settled = stored.Settled,
                RunId = stored.RunId, Blob = stored.Blob, Context = stored.Context,
            });
        }
        return Bytes(block);
    }

    // The view's newest facts of each span.
    private static byte[] Owners(IEnumerable<FactsRow> rows)
    {
        using var traces = Columns.String();
        using var spans = Columns.String();
        using var customers = Columns.String();
        using var features = Columns.String();
        foreach (var (trace, span) in NewestSpans(rows))
        {
            if (span.Customer.Length == 0 && span.Feature.Length == 0) continue;
            traces.Append(trace.ToString());
            spans.Append(span.SpanId.ToString());
            customers.Append(span.Customer);
            features.Append(span.Feature);
        }
        return Block(("trace_id", traces), ("span_id", spans), ("customer_id", customers), ("feature_id", features));
    }

    /// <summary>The newest word of the facts about each span, as the view <c>spans</c> shows it.</summary>
    public static IEnumerable<(TraceId TraceId, FactsSpan Span)> NewestSpans(IEnumerable<FactsRow> rows) =>
        rows.SelectMany(row => row.Spans.Select(span => (row.Stored.TraceId, row.Stored.Revision, Span: span)))
            .GroupBy(found => (found.TraceId, found.Span.SpanId))
            .Select(group => group.MaxBy(found => found.Revision)).Select(found => (found.TraceId, found.Span));

    private static byte[] Counts(StoreTables tables)
    {
        using StringColumn names = Columns.String(), postings = Columns.String();
        using var rows = Columns.UInt64();
        foreach (var posting in tables.Inserts.Where(insert => insert.PostingId.Length > 0)
            .GroupBy(insert => (insert.Table, insert.PostingId)))
        {
            names.Append(posting.Key.Table);
            postings.Append(posting.Key.PostingId);
            rows.Append((ulong)posting.Sum(insert => insert.RowCount));
        }
        return Block(("name", names), ("posting_id", postings), ("rows", rows));
    }

    private static byte[] Block(params (string Name, NativeColumn Column)[] columns)
    {
        var output = new ArrayBufferWriter<byte>();
        NativeBlockWriter.Write(output, [.. columns.Select(column => new NamedColumn(column.Name, column.Column))]);
        return output.WrittenSpan.ToArray();
    }

    private static byte[] Bytes(RowBlock block)
    {
        var output = new ArrayBufferWriter<byte>();
        block.WriteTo(output);
        return output.WrittenSpan.ToArray();
    }
}
