using System.Buffers;
using System.Text;
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
internal static class StoreAnswers
{
    private const string IdColumn = " WHERE trace_id IN (";
    private static readonly string LedgerOfTraces = $"SELECT {LedgerRowReader.ColumnList} FROM {CostLedgerBlock.TableName}{IdColumn}";
    private const string FactsOfTraces = "SELECT trace_id, revision, posting_id, settled, run_id, blob, context FROM " +
        TraceFactsBlock.TableName + IdColumn;
    private const string OwnersOfSpans = "SELECT trace_id, span_id, customer_id, feature_id FROM spans" + IdColumn;
    private const string RowsOfPosting = "SELECT '" + CostLedgerBlock.TableName + "' AS name, count() AS rows FROM ";
    private const string IsRolledUp = "SELECT count() AS rows FROM (SELECT hour, " + RollupDifference.Dimensions;
    private const string IsEmpty = "SELECT count() = 0 FROM (SELECT 1 FROM " + TraceFactsBlock.TableName + " LIMIT 1)";

    public static byte[] To(ClickHouseQuery query, StoreTables tables)
    {
        var sql = query.Sql;
        if (sql == IsEmpty && query.Format == "TabSeparated")
            return Encoding.UTF8.GetBytes(tables.Facts.Any() ? "0\n" : "1\n");
        if (query.Format != "Native") throw new SimulationFailure($"the simulated store does not answer in {query.Format}: {sql}");
        if (sql.StartsWith(LedgerOfTraces, StringComparison.Ordinal)) return Ledger(tables.LedgerOf(TracesIn(sql)));
        if (sql.StartsWith(FactsOfTraces, StringComparison.Ordinal)) return Facts(tables.FactsOf(TracesIn(sql)));
        if (sql.StartsWith(OwnersOfSpans, StringComparison.Ordinal)) return Owners(tables.FactsOf(TracesIn(sql)));
        if (sql.StartsWith(RowsOfPosting, StringComparison.Ordinal)) return Counts(tables, query.Parameters["id"]);
        if (sql.StartsWith(IsRolledUp, StringComparison.Ordinal))
            return Block(("rows", Fill(Columns.UInt64(), [(ulong)tables.GroupsApart(query.Parameters["id"])])));
        throw new SimulationFailure($"the simulated store does not know this statement: {sql}");
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

    private static byte[] Counts(StoreTables tables, string postingId)
    {
        string[] names = [CostLedgerBlock.TableName, TraceFactsBlock.TableName, RunSegmentBlock.TableName];
        using var name = Columns.String();
        foreach (var table in names) name.Append(table);
        return Block(("name", name),
            ("rows", Fill(Columns.UInt64(), [.. names.Select(table => (ulong)tables.CountPosting(table, postingId))])));
    }

    private static FixedWidthColumn<ulong> Fill(FixedWidthColumn<ulong> column, IEnumerable<ulong> values)
    {
        foreach (var value in values) column.Append(value);
        return column;
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
