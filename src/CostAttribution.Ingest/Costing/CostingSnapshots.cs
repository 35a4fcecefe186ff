using CostAttribution.ClickHouse.Snapshots;
using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.Ingest.Costing;

/// <summary>
/// Where the two planes meet: the control plane publishes a new rate book or attribution table, the data plane picks both up
/// together before each trace. Nothing is used before the store keeps it.
/// </summary>
public sealed class CostingSnapshots(RateBook rates, AttributionTable attribution)
{
    private volatile CostingPair current = new(rates, attribution);

    public CostingPair Current => current;

    /// <summary>Has the store keep the pair; from then on it is used for what does not stand yet.</summary>
    public async Task PublishAsync(CostingPair pair, SnapshotArchive archive, TimeProvider clock, CancellationToken cancel)
    {
        await KeepAsync(pair, archive, clock, cancel).ConfigureAwait(false);
        current = pair;
    }

    /// <summary>Has the store keep the current pair; comes before the first posting.</summary>
    internal Task KeepAsync(SnapshotArchive archive, TimeProvider clock, CancellationToken cancel) =>
        KeepAsync(current, archive, clock, cancel);

    private static async Task KeepAsync(CostingPair pair, SnapshotArchive archive, TimeProvider clock, CancellationToken cancel)
    {
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        await archive.KeepAsync(new SnapshotKey(SnapshotKind.RateBook, pair.Key.RateBookVersion),
            RateBookText.Write(pair.Rates), now, cancel).ConfigureAwait(false);
        await archive.KeepAsync(new SnapshotKey(SnapshotKind.Attribution, pair.Key.AttributionVersion),
            pair.Attribution.Content, now, cancel).ConfigureAwait(false);
    }
}
