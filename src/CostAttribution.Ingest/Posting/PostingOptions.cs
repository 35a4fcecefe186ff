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
    public int LookupTracesMax { get; set; } = 2000;

    /// <summary>
    /// Times that the store refuses a posting for what it says before its traces are sent in two halves; a half that is refused
    /// is halved at once.
    /// </summary>
    [Range(1, 100)]
    public int RefusedTries { get; set; } = 3;

    /// <summary>Times that the store refuses the rows of a single trace before they are set aside for an operator.</summary>
    [Range(1, 1000)]
    public int SetAsideTries { get; set; } = 5;

    /// <summary>
    /// Single traces that one table may refuse in a row before nothing more is set aside and posting waits, with an alarm: then
    /// the store is at fault, not the traces.
    /// </summary>
    [Range(1, 10_000)]
    public int RefusedInARowMax { get; set; } = 20;
}
