using System.ComponentModel.DataAnnotations;

namespace CostAttribution.Ingest.Posting;

/// <summary>How rows are gathered and sent to the store.</summary>
public sealed class PostingOptions
{
    public const string Section = "Posting";

    /// <summary>Rows after which a posting is sent without waiting longer.</summary>
    [Range(1, 1_000_000)]
    public int RowsMax { get; set; } = 50_000;

    /// <summary>Longest that a row waits for company.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan FlushInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>First pause before a posting is tried again; doubles up to <see cref="RetryDelayMax"/>.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(250);

    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan RetryDelayMax { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Traces asked of the store in one look-up.</summary>
    [Range(1, 10_000)]
    public int LookupTracesMax { get; set; } = 500;
}
