using System.IO.Hashing;
using System.Text;
using CostAttribution.ClickHouse.Auditing;

namespace CostAttribution.Ingest.Auditing;

/// <summary>
/// When the next scheduled audit is due. The first one comes after a part of the interval that depends on the node's name, so
/// that nodes started together do not audit together.
/// </summary>
internal sealed class AuditSchedule
{
    private readonly AuditOptions options;
    private readonly TimeProvider clock;
    private DateTimeOffset next;

    public AuditSchedule(AuditOptions options, string nodeId, TimeProvider clock)
    {
        const int parts = 1000;
        this.options = options;
        this.clock = clock;
        var part = (int)(XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(nodeId)) % parts);
        next = clock.GetUtcNow() + options.Interval * (part + 1) / parts;
    }

    /// <summary>Time until the next one; infinite when scheduled audits are off.</summary>
    public TimeSpan UntilNext()
    {
        if (options.Interval <= TimeSpan.Zero) return Timeout.InfiniteTimeSpan;
        var wait = next - clock.GetUtcNow();
        return wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
    }

    /// <summary>The audit that is due; null when none is yet.</summary>
    public AuditTrigger? TakeDue()
    {
        if (options.Interval <= TimeSpan.Zero || UntilNext() > TimeSpan.Zero) return null;
        next = clock.GetUtcNow() + options.Interval;
        return AuditTrigger.Hourly;
    }

    /// <summary>Whether everything is to be audited, given when that was last done.</summary>
    public bool IsFullDue(DateTimeOffset? last) => last is null || last + options.FullInterval <= clock.GetUtcNow();
}
