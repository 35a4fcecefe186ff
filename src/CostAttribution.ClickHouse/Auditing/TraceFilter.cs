using System.Globalization;
using CostAttribution.ClickHouse.Facts;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.Domain.Identity;

namespace CostAttribution.ClickHouse.Auditing;

/// <summary>Conditions that select the rows of the traces an audit looks at, table by table.</summary>
/// <param name="Ledger">Rows in the scope.</param>
/// <param name="LedgerOfTraces">
/// All rows of those traces; in a scope, those within a day around it, which may make a longer trace look wrong until it is
/// asked about by itself.
/// </param>
/// <param name="Facts">Facts in the scope.</param>
/// <param name="FactsOfTraces">All facts of the traces.</param>
/// <param name="Segments">Run segments in the scope.</param>
/// <param name="SegmentsOfTraces">All segments of the traces.</param>
public sealed record TraceFilter(string Ledger, string LedgerOfTraces, string Facts, string FactsOfTraces, string Segments,
    string SegmentsOfTraces)
{
    private static readonly TimeSpan Around = TimeSpan.FromDays(1);

    /// <summary>The parts into which an audit cuts the traces of a scope, so that no question becomes too large.</summary>
    public static IEnumerable<TraceFilter> Passes(AuditScope scope, AuditLimits limits)
    {
        var passes = Math.Max(1, (scope.Rows + limits.RowsPerPass - 1) / limits.RowsPerPass);
        for (var pass = 0L; pass < passes; pass++) yield return Of(scope, pass, passes);
    }

    /// <summary>The traces of one of <paramref name="passes"/> parts of a scope.</summary>
    public static TraceFilter Of(AuditScope scope, long pass, long passes)
    {
        var part = passes == 1 ? ""
            : string.Create(CultureInfo.InvariantCulture, $" AND cityHash64(trace_id) % {passes} = {pass}");
        var hours = scope.Hours is { } touched ? $" AND toStartOfHour(event_time) IN ({HourSql.In(touched)})" : "";
        var since = scope.PostedSince is { } posted ? $" AND posted_at >= {HourSql.Instant(posted)}" : "";
        var overlap = $"started_at < {HourSql.Instant(scope.To)} AND ended_at >= {HourSql.Instant(scope.From)}{since}{part}";
        var ledger = $"{HourSql.Within("event_time", scope.From, scope.To)}{hours}{part}";
        var traces = $"trace_id IN (SELECT trace_id FROM {CostLedgerBlock.TableName} WHERE {ledger} UNION DISTINCT " +
            $"SELECT trace_id FROM {TraceFactsBlock.TableName} WHERE {overlap} UNION DISTINCT " +
            $"SELECT trace_id FROM {RunSegmentBlock.TableName} WHERE {overlap}){part}";
        return new TraceFilter(ledger, $"{HourSql.Within("event_time", scope.From - Around, scope.To + Around)} AND {traces}",
            overlap, traces, overlap, traces);
    }

    /// <summary>Everything of the traces given.</summary>
    public static TraceFilter Of(IEnumerable<TraceId> traces)
    {
        // Hexadecimal digits only, so the literals need no escaping.
        var ids = $"trace_id IN ({string.Join(",", traces.Distinct().Select(trace => $"'{trace}'"))})";
        return new TraceFilter(ids, ids, ids, ids, ids, ids);
    }
}
