using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.Ingest.Costing;

/// <summary>
/// Where the two planes meet: the control plane publishes a new rate book or attribution table, the data plane picks both up
/// together before each trace.
/// </summary>
public sealed class CostingSnapshots(RateBook rates, AttributionTable attribution)
{
    private volatile Pair current = new(rates, attribution);

    public (RateBook Rates, AttributionTable Attribution) Current
    {
        get
        {
            var pair = current;
            return (pair.Rates, pair.Attribution);
        }
    }

    public void Publish(RateBook rates, AttributionTable attribution) => current = new Pair(rates, attribution);

    private sealed record Pair(RateBook Rates, AttributionTable Attribution);
}
