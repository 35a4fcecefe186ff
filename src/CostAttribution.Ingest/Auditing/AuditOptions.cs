using System.ComponentModel.DataAnnotations;
using CostAttribution.ClickHouse.Auditing;

namespace CostAttribution.Ingest.Auditing;

/// <summary>When audits run by themselves, and what one may take.</summary>
public sealed class AuditOptions
{
    public const string Section = "Audit";

    /// <summary>How often what was posted lately is audited; 0 turns the scheduled audits off.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "7.00:00:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How far before the last audit postings are looked at again.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "31.00:00:00")]
    public TimeSpan Window { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How often everything is audited.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "31.00:00:00")]
    public TimeSpan FullInterval { get; set; } = TimeSpan.FromDays(1);

    /// <summary>Longest that one audit takes; what is not checked by then is left to the next.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "1.00:00:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Time after which the store stops one question.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan QueryTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Memory that one question may take in the store, in bytes.</summary>
    [Range(64L << 20, 1L << 40)]
    public long QueryMemoryBytesMax { get; set; } = 1L << 30;

    /// <summary>Suspects that one check examines and repairs; more are counted and left to the next audit.</summary>
    [Range(1, 100_000)]
    public int SuspectsMax { get; set; } = 2000;

    /// <summary>How long after its last posting a trace must have settled.</summary>
    [Range(typeof(TimeSpan), "00:10:00", "31.00:00:00")]
    public TimeSpan UnsettledAge { get; set; } = TimeSpan.FromHours(6);

    internal AuditLimits ToLimits() => new()
    {
        QueryTimeout = QueryTimeout, QueryMemoryBytesMax = QueryMemoryBytesMax, SuspectsMax = SuspectsMax,
    };
}
