using CostAttribution.Api.Audits;
using CostAttribution.ClickHouse.Auditing;
using CostAttribution.Ingest.Auditing;

namespace CostAttribution.Server.Hosting;

/// <summary>The data plane's auditor as the control plane asks for it.</summary>
internal sealed class AuditorAudits(Auditor auditor) : IAudits
{
    public AuditReport? Current => auditor.Current;

    public AuditReport? Last => auditor.Last;

    public AuditReport? TryStart(AuditRequest request) => auditor.TryStart(request);
}
