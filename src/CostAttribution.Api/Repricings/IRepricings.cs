using CostAttribution.ClickHouse.Repricing;

namespace CostAttribution.Api.Repricings;

/// <summary>The re-pricings of this process.</summary>
public interface IRepricings
{
    /// <summary>The one under way; null when there is none.</summary>
    RepricingReport? Current { get; }

    /// <summary>The last one that ended since the start of the process; null when there was none.</summary>
    RepricingReport? Last { get; }

    /// <summary>Begins what is asked for, or says what is in the way.</summary>
    Task<RepricingStart> StartAsync(RepricingRequest request, CancellationToken cancel);

    /// <summary>Ends the one under way of that id; false when there is none.</summary>
    bool Cancel(string id);
}
