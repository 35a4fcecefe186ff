using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.ClickHouse.Facts;

/// <summary>
/// One row of <c>run_segments</c>: what one trace contributes to its run, as absolute values at this revision. Quantities are
/// those of the trace's standing ledger rows.
/// </summary>
public sealed class RunSegmentRow
{
    public string RunId { get; set; } = "";
    public TraceId TraceId { get; set; }

    /// <summary>The trace's revision (<see cref="TraceFactsRow.Revision"/>).</summary>
    public int Revision { get; set; } = 1;
    public string PostingId { get; set; } = "";

    /// <summary>Milliseconds since the Unix epoch, UTC.</summary>
    public long PostedAtMillis { get; set; }

    /// <summary>Microseconds since the Unix epoch, UTC.</summary>
    public long StartedAtMicros { get; set; }

    /// <summary>Microseconds since the Unix epoch, UTC.</summary>
    public long EndedAtMicros { get; set; }

    public string Workflow { get; set; } = "";
    public string Agent { get; set; } = "";

    /// <summary>Empty when unattributed or mixed.</summary>
    public string CustomerId { get; set; } = "";
    public string FeatureId { get; set; } = "";
    public string Environment { get; set; } = "";
    public string Product { get; set; } = "";
    public string Team { get; set; } = "";
    public string Plan { get; set; } = "";
    public RunStatus Status { get; set; }

    /// <summary>Several customers inside this trace.</summary>
    public bool MixedCustomers { get; set; }
    public int Steps { get; set; }

    /// <summary>Highest attempt number seen; the run shows the highest of its traces.</summary>
    public int Attempts { get; set; }
    public int Retries { get; set; }
    public int Calls { get; set; }
    public int FailedCalls { get; set; }
    public long InputTokens { get; set; }
    public long CacheReadTokens { get; set; }
    public long CacheWriteTokens { get; set; }
    public long CacheWrite1hTokens { get; set; }
    public long OutputTokens { get; set; }
    public long ReasoningTokens { get; set; }
    public Money Cost { get; set; }
    public Money ListCost { get; set; }
    public Money RetryCost { get; set; }
    public int UnpricedCalls { get; set; }
    public int UsageMissingCalls { get; set; }
}
