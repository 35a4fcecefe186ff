using System.Buffers;
using System.Globalization;
using System.Text;
using CostAttribution.ClickHouse.Facts;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Native;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
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
    private const string OwnersOfSpans = "SELECT trace_id, span AS span_id, argMax(customer, revision) AS customer_id, ";
    private const string RowsOfPostings = "SELECT '" + CostLedgerBlock.TableName + "' AS name, posting_id, count() AS rows FROM ";
    private const string OfPosting = " WHERE posting_id = {id:String}";
    private const string LedgerOfPosting = "SELECT entry_id FROM " + CostLedgerBlock.TableName + OfPosting;
    private const string FactsOfPosting = "SELECT trace_id, revision FROM " + TraceFactsBlock.TableName + OfPosting;
    private const string SegmentsOfPosting = "SELECT run_id, trace_id, revision FROM " + RunSegmentBlock.TableName + OfPosting;
    private const string HoursOfPostings = "SELECT DISTINCT toStartOfHour(event_time) AS hour FROM " + CostLedgerBlock.TableName + " ";
    private const string IsEmpty = "SELECT count() = 0 FROM (SELECT 1 FROM ";

    public static byte[] To(ClickHouseQuery query, StoreTables tables)
    {
        var sql = query.Sql;
        if (sql.StartsWith(IsEmpty, StringComparison.Ordinal) && query.Format == "TabSeparated")
        {
            var isFilled = (sql.Contains(CostLedgerBlock.TableName, StringComparison.Ordinal) && tables.Ledger.Any())
                || (sql.Contains(TraceFactsBlock.TableName, StringComparison.Ordinal) && tables.Facts.Any());
            return Encoding.UTF8.GetBytes(isFilled ? "0\n" : "1\n");
        }
        if (query.Format != "Native") throw new SimulationFailure($"the simulated store does not answer in {query.Format}: {sql}");
        if (OutsideAnswers.To(query, tables) is { } answer) return answer;
        if (sql.StartsWith(LedgerOfTraces, StringComparison.Ordinal)) return Ledger(tables.LedgerOf(TracesIn(sql)));
        if (sql.StartsWith(FactsOfTraces, StringComparison.Ordinal)) return Facts(tables.FactsOf(TracesIn(sql)));
        if (sql.StartsWith(OwnersOfSpans, StringComparison.Ordinal)) return Owners(tables.FactsOf(TracesIn(sql)));
        if (sql.StartsWith(RowsOfPostings, StringComparison.Ordinal)) return Counts(tables, PostingsIn(sql), SinceMillisIn(sql));
        if (sql.StartsWith(HoursOfPostings, StringComparison.Ordinal))
            return Hours(tables.HoursOf(PostingsIn(sql), SinceMillisIn(sql)));
        if (sql.StartsWith(RowsOfHours, StringComparison.Ordinal)) return Total(tables.RowsOf(HoursIn(sql)));
        if (sql.StartsWith(HoursApart, StringComparison.Ordinal)) return Hours(tables.HoursApartByCustomer(HoursIn(sql)));
        if (sql.StartsWith(GroupsApart, StringComparison.Ordinal)) return Groups(tables.GroupsApart(HoursIn(sql)));
        if (query.Parameters.TryGetValue("id", out var posting) && KeysOf(sql, tables.Of(posting)) is { } keys) return keys;
        throw new SimulationFailure($"the simulated store does not know this statement: {sql}");
    }

    private static readonly string HoursApart = RollupDifference.SelectHours("", "").Split('(')[0];
    private static readonly string GroupsApart = $"SELECT hour, {RollupDifference.Dimensions}, ";

    private const string RowsOfHours = "SELECT toInt64(count()) AS total FROM " + CostLedgerBlock.TableName + " ";

    private static string[] PostingsIn(string sql)
    {
        var list = sql[(sql.IndexOf("posting_id IN (", StringComparison.Ordinal) + 15)..];
        return [.. list[..list.IndexOf(')')].Split(',').Select(text => text.Trim('\''))];
    }

    private static long SinceMillisIn(string sql) => Numbers(sql, "fromUnixTimestamp64Milli(").First();

    private static HashSet<long> HoursIn(string sql) => [.. Numbers(sql, "toDateTime(").Select(seconds => seconds * 1_000_000)];

    private static IEnumerable<long> Numbers(string sql, string before)
    {
        for (var at = sql.IndexOf(before, StringComparison.Ordinal); at >= 0; at = sql.IndexOf(before, at + 1, StringComparison.Ordinal))
        {
            var start = at + before.Length;
            yield return long.Parse(sql[start..sql.IndexOf(',', start)], CultureInfo.InvariantCulture);
        }
    }

    private static byte[]? KeysOf(string sql, StoredInsert[] inserts)
    {
        if (sql == LedgerOfPosting) return Ledger(inserts.SelectMany(insert => insert.Ledger));
        if (sql == FactsOfPosting) return Facts(inserts.SelectMany(insert => insert.Facts));
        if (sql != SegmentsOfPosting) return null;
        using var block = new RunSegmentBlock();
        foreach (var row in inserts.SelectMany(insert => insert.Segments))
            block.Append(new RunSegmentRow { RunId = row.RunId, TraceId = row.TraceId, Revision = row.Revision, Status = RunStatus.Open });
        return Bytes(block);
    }

    /// <summary>Query ids of running inserts.</summary>
    public static byte[] Names(IEnumerable<string> queryIds)
    {
        using var ids = Columns.String();
        foreach (var id in queryIds) ids.Append(id);
        return Block(("initial_query_id", ids));
    }

    private static byte[] Total(long rows)
    {
        using var total = new FixedWidthColumn<long>("Int64");
        total.Append(rows);
        return Block(("total", total));
    }

    private static byte[] Hours(IEnumerable<long> hoursMicros)
    {
        using var hours = new FixedWidthColumn<uint>("DateTime('UTC')");
        foreach (var hour in hoursMicros.Order()) hours.Append((uint)(hour / 1_000_000));
        return Block(("hour", hours));
    }

    // In the columns of the rollup; dimensions as text, which only this double reads again.
    private static byte[] Groups(IEnumerable<HourlyRow> groups)
    {
        var rows = groups.OrderBy(row => row.HourMicros).ThenBy(row => row.Group, StringComparer.Ordinal).ToArray();
        using var hours = new FixedWidthColumn<uint>("DateTime('UTC')");
        foreach (var row in rows) hours.Append((uint)(row.HourMicros / 1_000_000));
        var columns = new List<(string, NativeColumn)> { ("hour", hours) };
        var names = RollupDifference.Dimensions.Split(", ");
        for (var i = 0; i < names.Length; i++)
        {
            var values = Columns.String();
            foreach (var row in rows) values.Append(row.Group.Split(Rollup.Separator)[i]);
            columns.Add((names[i], values));
        }
        for (var i = 0; i < BlockRows.MeasureNames.Length; i++)
        {
            var name = BlockRows.MeasureNames[i];
            columns.Add((BlockRows.NameInRollup(name), BlockRows.IsMoney(name)
                ? Fill(Columns.Decimal(), rows.Select(row => row.Measures[i]))
                : Fill(Columns.Int64(), rows.Select(row => (long)row.Measures[i]))));
        }
        return Block([.. columns]);
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

    // What the newest facts of each span say that its own trace says of it; the product takes the spans it asked for.
    private static byte[] Owners(IEnumerable<FactsRow> rows)
    {
        using var traces = Columns.String();
        using var spans = Columns.String();
        using var customers = Columns.String();
        using var features = Columns.String();
        foreach (var (trace, span) in NewestSpans(rows))
        {
            if (span.SaidCustomer.Length == 0 && span.SaidFeature.Length == 0) continue;
            traces.Append(trace.ToString());
            spans.Append(span.SpanId.ToString());
            customers.Append(span.SaidCustomer);
            features.Append(span.SaidFeature);
        }
        return Block(("trace_id", traces), ("span_id", spans), ("customer_id", customers), ("feature_id", features));
    }

    /// <summary>The newest word of the facts about each span, as the view <c>spans</c> shows it.</summary>
    public static IEnumerable<(TraceId TraceId, FactsSpan Span)> NewestSpans(IEnumerable<FactsRow> rows) =>
        rows.SelectMany(row => row.Spans.Select(span => (row.Stored.TraceId, row.Stored.Revision, Span: span)))
            .GroupBy(found => (found.TraceId, found.Span.SpanId))
            .Select(group => group.MaxBy(found => found.Revision)).Select(found => (found.TraceId, found.Span));

    private static byte[] Counts(StoreTables tables, string[] postingIds, long sinceMillis)
    {
        var counts = tables.CountPostings(postingIds, sinceMillis).ToArray();
        using var names = Columns.String();
        using var postings = Columns.String();
        foreach (var ((table, posting), _) in counts)
        {
            names.Append(table);
            postings.Append(posting);
        }
        return Block(("name", names), ("posting_id", postings),
            ("rows", Fill(Columns.UInt64(), counts.Select(count => (ulong)count.Rows))));
    }

    private static FixedWidthColumn<T> Fill<T>(FixedWidthColumn<T> column, IEnumerable<T> values) where T : unmanaged
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
