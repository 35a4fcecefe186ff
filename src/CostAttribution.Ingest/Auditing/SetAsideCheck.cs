using CostAttribution.ClickHouse.Auditing;
using CostAttribution.Domain.Identity;

namespace CostAttribution.Ingest.Auditing;

/// <summary>
/// Traces of which nothing is posted because the store held them in a form that could not be read. Each is asked for again;
/// one that can be read by now is posted with what was set aside of it.
/// </summary>
internal sealed class SetAsideCheck(IngestPipeline pipeline) : AuditCheck
{
    public override string Name => "traces_can_be_read";
    public override string Asserts => "no trace is set aside because the store holds it in a form that cannot be read";
    public override AuditRepair Repair => AuditRepair.Trace;
    public override bool IsLocal => true;

    public override Task<AuditSuspects> FindAsync(AuditStore store, AuditScope scope, CancellationToken cancel)
    {
        var all = pipeline.TracesSetAside;
        return Task.FromResult(new AuditSuspects([.. all.Take(store.Limits.SuspectsMax).Select(Suspect)], all.Count));
    }

    public override Task<IReadOnlyList<AuditSuspect>> ConfirmAsync(AuditStore store, IReadOnlyList<AuditSuspect> suspects,
        CancellationToken cancel)
    {
        var left = pipeline.TracesSetAside.ToHashSet();
        return Task.FromResult<IReadOnlyList<AuditSuspect>>([.. suspects.Where(suspect => left.Contains(suspect.TraceId))]);
    }

    private static AuditSuspect Suspect(TraceId trace) =>
        new("trace_set_aside", $"{trace}", "what arrived of it is kept in the journal's quarantine/traces") { TraceId = trace };
}
