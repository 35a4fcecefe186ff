using System.Globalization;
using System.Text;
using CostAttribution.ClickHouse.Embedded;
using CostAttribution.ClickHouse.Native;

namespace CostAttribution.ClickHouse.Endpoint;

/// <summary>An answer and what it cost.</summary>
internal sealed record ReadAnswer(ReadOnlyMemory<byte> Bytes, string Format, ulong Rows, ulong RowsRead, ulong BytesRead,
    double ElapsedSeconds);

/// <summary>
/// Runs readers' queries, a bounded number at a time, each in a session of its own that is read-only and limited from its first
/// statement on: nothing a query does can be seen by the next one, and no SETTINGS clause can lift a limit.
/// </summary>
internal sealed class ReadOnlySessions(ChdbEngine engine, ClickHouseHttpOptions options)
{
    private readonly EngineLanes lanes = engine.AddLanes("chdb-http", options.ConcurrentMax, options.ConcurrentMax +
        options.WaitingMax,
        static () => throw new InvalidOperationException("readers open sessions of their own"));
    private readonly QueryGuard guard = new(options.Database);
    private int present;

    public async Task<ReadAnswer> RunAsync(HttpReadRequest request, CancellationToken cancel)
    {
        if (Interlocked.Increment(ref present) > options.ConcurrentMax + options.WaitingMax)
        {
            Interlocked.Decrement(ref present);
            throw new RefusedQueryException("too many queries at a time: try again later", RefusedQueryException.TooManyQueries);
        }
        try
        {
            return await lanes.RunAsync(_ => Run(request), cancel);
        }
        finally
        {
            Interlocked.Decrement(ref present);
        }
    }

    private ReadAnswer Run(HttpReadRequest request)
    {
        var query = ReadQuery.Parse(request.Sql);
        var format = query.Format ?? request.DefaultFormat ?? "TabSeparated";
        if (!format.All(char.IsAsciiLetterOrDigit)) throw new RefusedQueryException("the format is not a name");
        var database = request.Database is "" ? options.Database : request.Database;
        if (database != options.Database && database != "default")
        {
            throw new RefusedQueryException($"the database {database} cannot be used here: only {options.Database} can",
                RefusedQueryException.UnknownDatabase);
        }

        using var session = engine.OpenSession(SettingsOf(request));
        session.Query($"USE {SqlText.Identifier(database)}", "Null");
        Check(session, query, request.Parameters);
        var result = session.Query(query.Sql, format, request.Parameters);
        var bytes = request.ProtocolVersion > 0 && format == "Native"
            ? NativeReframer.Reframe(result.Bytes, request.ProtocolVersion)
            : result.Bytes;
        return new ReadAnswer(bytes, format, result.Rows, result.RowsRead, result.BytesRead, result.ElapsedSeconds);
    }

    private void Check(ChdbConnection session, ReadQuery query, Dictionary<string, string> parameters)
    {
        var analysis = session.Classify(query.Sql);
        if (analysis.Class == ChdbNative.QueryClass.Unknown)
        {
            // Not parsed: the engine's own message says where.
            session.Query("EXPLAIN AST " + query.Sql, "LineAsString", parameters);
            throw new RefusedQueryException("the query cannot be analysed");
        }
        if (analysis.Class != ChdbNative.QueryClass.ReadOnly || analysis.StatementCount != 1)
        {
            throw new RefusedQueryException("only one reading statement is accepted", RefusedQueryException.ReadOnly);
        }
        guard.Check(Encoding.UTF8.GetString(session.Query("EXPLAIN AST " + query.Sql, "LineAsString", parameters).Bytes));
    }

    private Dictionary<string, string> SettingsOf(HttpReadRequest request)
    {
        var seconds = Math.Min((request.TimeMax ?? options.QueryTimeMax).TotalSeconds, options.QueryTimeMax.TotalSeconds);
        var settings = new Dictionary<string, string>(request.Settings)
        {
            ["max_execution_time"] = ((long)Math.Ceiling(seconds)).ToString(CultureInfo.InvariantCulture),
            ["timeout_overflow_mode"] = "throw",
            ["max_memory_usage"] = SqlText.Number(options.QueryMemoryBytesMax),
            ["max_threads"] = SqlText.Number(options.QueryThreadsMax),
            ["max_rows_to_read"] = SqlText.Number(options.RowsReadMax),
            ["read_overflow_mode"] = "throw",
            ["max_result_rows"] = SqlText.Number(Math.Min(request.ResultRowsMax ?? options.ResultRowsMax, options.ResultRowsMax)),
            ["max_result_bytes"] = SqlText.Number(options.ResultBytesMax),
            ["result_overflow_mode"] = "throw",
            ["max_query_size"] = SqlText.Number(options.QueryBytesMax),
            ["allow_ddl"] = "0",
            ["allow_introspection_functions"] = "0",
        };
        settings.TryAdd("session_timezone", "UTC");
        if (request.ProtocolVersion > 0) settings["low_cardinality_allow_in_native_format"] = "0";
        settings["readonly"] = "1";
        return settings;
    }
}
