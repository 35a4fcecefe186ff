namespace CostAttribution.ClickHouse.Auditing;

/// <summary>Who asked for an audit.</summary>
public enum AuditTrigger : byte
{
    /// <summary>The program, for what was posted lately.</summary>
    Hourly = 1,

    /// <summary>The program, for everything.</summary>
    Daily = 2,

    /// <summary>The verb.</summary>
    Command = 3,

    /// <summary>The REST interface.</summary>
    Request = 4,
}

/// <summary>What an audit is asked to do.</summary>
/// <param name="Trigger">Who asks.</param>
/// <param name="From">First event time, rounded down to the hour; null for the oldest there is.</param>
/// <param name="To">End of the event times, rounded up to the hour; null for now.</param>
/// <param name="PostedSince">Only hours and traces touched by postings since; null for all in the range.</param>
/// <param name="DryRun">Report only.</param>
public sealed record AuditRequest(AuditTrigger Trigger, DateTimeOffset? From, DateTimeOffset? To, DateTimeOffset? PostedSince,
    bool DryRun);
