using CostAttribution.ClickHouse.Snapshots;
using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Tracing;
using Microsoft.Extensions.Logging;

namespace CostAttribution.Ingest.Costing;

/// <summary>
/// The kept snapshots that were lately needed. A trace that needs one holds on to it, so that forgetting here only costs
/// another look-up. Used by one look-up at a time.
/// </summary>
internal sealed class SnapshotShelf(SnapshotArchive archive, AttributeKeyTable keys, CostingSnapshots snapshots, ILogger logger)
{
    /// <summary>Snapshots held for the next look-up; a rate book with its index is the largest, some megabytes.</summary>
    private const int HeldMax = 16;

    // The value is null where the archive has none, or none that this program can apply.
    private readonly Dictionary<SnapshotKey, object?> held = [];
    private readonly Queue<SnapshotKey> age = new();

    /// <summary>The pairs of <paramref name="wanted"/>, from the archive where they are not the current one.</summary>
    public async Task<IReadOnlyDictionary<PairKey, KeptPair>> FetchAsync(IReadOnlyCollection<PairKey> wanted,
        CancellationToken cancel)
    {
        var pairs = new Dictionary<PairKey, KeptPair>();
        if (wanted.Count == 0) return pairs;
        var current = snapshots.Current;
        var found = new Dictionary<SnapshotKey, object?>
        {
            [new(SnapshotKind.RateBook, current.Key.RateBookVersion)] = current.Rates,
            [new(SnapshotKind.Attribution, current.Key.AttributionVersion)] = current.Attribution,
        };
        var missing = new HashSet<SnapshotKey>();
        foreach (var key in wanted.SelectMany(PartsOf))
        {
            if (found.ContainsKey(key)) continue;
            if (held.TryGetValue(key, out var snapshot)) found[key] = snapshot;
            else missing.Add(key);
        }
        var contents = await archive.LoadAsync(missing, cancel).ConfigureAwait(false);
        foreach (var key in missing)
        {
            found[key] = contents.TryGetValue(key, out var content) ? Read(key, content) : null;
            if (found[key] is null) PipelineLog.SnapshotMissing(logger, key.Kind.ToString(), key.Version);
            Hold(key, found[key]);
        }
        foreach (var pair in wanted)
        {
            pairs[pair] = new KeptPair(pair, (RateBook?)found[new(SnapshotKind.RateBook, pair.RateBookVersion)],
                (AttributionTable?)found[new(SnapshotKind.Attribution, pair.AttributionVersion)]);
        }
        return pairs;
    }

    private static SnapshotKey[] PartsOf(PairKey pair) =>
        [new(SnapshotKind.RateBook, pair.RateBookVersion), new(SnapshotKind.Attribution, pair.AttributionVersion)];

    private void Hold(SnapshotKey key, object? snapshot)
    {
        while (held.Count >= HeldMax && age.TryDequeue(out var oldest)) held.Remove(oldest);
        if (held.TryAdd(key, snapshot)) age.Enqueue(key);
    }

    private object? Read(SnapshotKey key, byte[] content)
    {
        try
        {
            if (key.Kind == SnapshotKind.RateBook)
                return RateBookText.Read(content) is var book && book.Version == key.Version ? book : null;
            return AttributionText.Read(content, keys) is { } table && table.Version == key.Version ? table : null;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
