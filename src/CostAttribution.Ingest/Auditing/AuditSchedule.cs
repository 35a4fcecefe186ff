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
    /// <summary>How often an audit of everything that fails is tried in the time in which one is due.</summary>
    private const int FullRetries = 4;

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

    /// <summary>Whether everything is to be audited.</summary>
    /// <param name="completed">When an audit of everything that completed last began.</param>
    /// <param name="tried">When one last began, however it ended: one that fails is not begun again with every interval.</param>
    public bool IsFullDue(DateTimeOffset? completed, DateTimeOffset? tried)
    {
        var now = clock.GetUtcNow();
        if (completed + options.FullInterval > now) return false;
        return tried is null || tried + options.FullInterval / FullRetries <= now;
    }

    /// <summary>
    /// From when on postings are looked at by an audit of what was posted lately: what was posted since the last audit that
    /// completed, but no more than an audit of everything leaves out.
    /// </summary>
    public DateTimeOffset PostedSince(DateTimeOffset? completed)
    {
        var most = clock.GetUtcNow() - options.FullInterval;
        return (completed > most ? completed.Value : most) - options.Window;
    }
}
