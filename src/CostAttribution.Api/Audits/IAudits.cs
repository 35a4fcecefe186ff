using CostAttribution.ClickHouse.Auditing;

namespace CostAttribution.Api.Audits;

/// <summary>The audits of this process. Must answer at once, from memory.</summary>
public interface IAudits
{
    /// <summary>The audit under way; null when there is none.</summary>
    AuditReport? Current { get; }

    /// <summary>The last one that ended since the start of the process; null when there was none.</summary>
    AuditReport? Last { get; }

    /// <summary>Starts an audit and returns its report so far; null when one is under way.</summary>
    AuditReport? TryStart(AuditRequest request);
}
