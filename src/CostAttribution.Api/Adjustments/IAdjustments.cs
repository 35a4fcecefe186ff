using CostAttribution.ClickHouse.Adjustments;

namespace CostAttribution.Api.Adjustments;

/// <summary>What settles the terms of this process.</summary>
public interface IAdjustments
{
    /// <summary>The run under way; null when there is none.</summary>
    AdjustmentReport? Current { get; }

    /// <summary>The last one that ended since the start of the process; null when there was none.</summary>
    AdjustmentReport? Last { get; }

    /// <summary>Begins what is asked for, or says what is in the way.</summary>
    Task<AdjustmentStart> StartAsync(AdjustmentRequest request, CancellationToken cancel);
}
