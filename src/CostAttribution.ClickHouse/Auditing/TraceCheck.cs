using System.Text.Json;
using CostAttribution.Domain.Identity;

namespace CostAttribution.ClickHouse.Auditing;

/// <summary>
/// A check whose subject is a trace, told in one query over the columns <c>kind, trace_id, span_id, run_id, detail,
/// revision</c>; the same query confirms, asked about single traces without bounds of time.
/// </summary>
public abstract class TraceCheck : AuditCheck
{
    private const int TracesPerQuestionMax = 500;

    public override AuditRepair Repair => AuditRepair.Trace;

    public override async Task<AuditSuspects> FindAsync(AuditStore store, AuditScope scope, CancellationToken cancel)
    {
        var turn = new TraceTurn(scope.LookedAtUpTo.GetValueOrDefault(Name, ""));
        var (rows, total) = await turn.FirstAsync(store, TraceFilter.Passes(scope, store.Limits).Select(Sql),
            store.Limits.SuspectsMax, cancel).ConfigureAwait(false);
        return new AuditSuspects([.. rows.Select(Read)], total, rows.Count < total ? TraceTurn.IdOf(rows[^1]) : "");
    }

    public override async Task<IReadOnlyList<AuditSuspect>> ConfirmAsync(AuditStore store,
        IReadOnlyList<AuditSuspect> suspects, CancellationToken cancel)
    {
        var confirmed = new List<AuditSuspect>();
        foreach (var traces in suspects.Select(suspect => suspect.TraceId).Distinct().Chunk(TracesPerQuestionMax))
        {
            var rows = await store.ReadAsync(Sql(TraceFilter.Of(traces)), cancel).ConfigureAwait(false);
            confirmed.AddRange(rows.Select(Read));
        }
        return confirmed;
    }

    /// <summary>The query for the traces of a filter.</summary>
    protected abstract string Sql(TraceFilter filter);

    private static AuditSuspect Read(JsonElement row)
    {
        var (trace, span, run) = (Text(row, "trace_id"), Text(row, "span_id"), Text(row, "run_id"));
        var subject = span.Length > 0 ? $"{trace}/{span}" : run.Length > 0 && run != trace ? $"{trace} in run {run}" : trace;
        return new AuditSuspect(Text(row, "kind"), subject, Text(row, "detail"))
        {
            TraceId = TraceId.TryParse(trace, out var id) ? id : default,
            RunId = run,
            Revision = row.GetProperty("revision").GetInt32(),
        };
    }

    private static string Text(JsonElement row, string column) => row.GetProperty(column).GetString() ?? "";
}
