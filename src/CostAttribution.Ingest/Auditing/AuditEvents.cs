using Microsoft.Extensions.Logging;

namespace CostAttribution.Ingest.Auditing;

/// <summary>Log messages of audits.</summary>
internal static partial class AuditEvents
{
    [LoggerMessage(1401, LogLevel.Information,
        "audit {AuditId} of {Rows} rows in {Hours} hours found nothing in {Millis} ms")]
    public static partial void Clean(ILogger logger, string auditId, long rows, long hours, long millis);

    [LoggerMessage(1402, LogLevel.Warning,
        "audit {AuditId} of {Rows} rows in {Hours} hours found {Found}, repaired {Repaired}, deferred {Deferred}, left {Left}; "
        + "see /api/v1/audits/{ReportId}")]
    public static partial void Found(ILogger logger, string auditId, long rows, long hours, long found, long repaired,
        long deferred, long left, string reportId);

    [LoggerMessage(1403, LogLevel.Error, "audit {AuditId} did not finish: {Fault}; the next one looks at the same hours again")]
    public static partial void Failed(ILogger logger, string auditId, string fault);

    [LoggerMessage(1405, LogLevel.Warning,
        "the report of audit {AuditId} is passed over, since this program cannot read it: {Fault}")]
    public static partial void Unreadable(ILogger logger, string auditId, string fault);

    [LoggerMessage(1406, LogLevel.Critical, "audit {AuditId} died on a fault of the program")]
    public static partial void Died(ILogger logger, Exception fault, string auditId);

    [LoggerMessage(1404, LogLevel.Warning, "the report of audit {AuditId} cannot be stored: {Fault}")]
    public static partial void NotStored(ILogger logger, string auditId, string fault);
}
