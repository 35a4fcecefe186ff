using CostAttribution.ClickHouse.Snapshots;
using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Tracing;

namespace CostAttribution.Ingest.Costing;

/// <summary>
/// The keys spans must be decoded with: those of the settings, and those of every attribution table that rows were posted
/// with, so that these rows can be costed again by their own rules.
/// </summary>
public static class KeptKeys
{
    /// <summary>Kept tables looked at, newest first; rows of older ones are corrected by today's rules, flagged.</summary>
    public const int TablesMax = 64;

    /// <summary>Configured keys decoded in all; beyond it the oldest tables' keys are left out.</summary>
    public const int KeysMax = 16_384;

    /// <summary>Names of keys that kept tables read and settings may no longer name.</summary>
    public static async Task<IReadOnlyList<string>> LoadAsync(SnapshotArchive archive, CancellationToken cancel)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var content in (await archive.LoadNewestAsync(SnapshotKind.Attribution, TablesMax, cancel)
            .ConfigureAwait(false)).Values)
        {
            try
            {
                var keys = AttributionText.KeysOf(content);
                if (names.Count + keys.Count <= KeysMax) names.UnionWith(keys);
            }
            catch (InvalidDataException)
            {
                // Of a newer program: its rows are corrected by today's rules, flagged.
            }
        }
        return [.. names];
    }

    /// <summary>The keys that <paramref name="options"/> configure together with <paramref name="kept"/> ones.</summary>
    public static AttributeKeyTable With(AttributionOptions options, IReadOnlyList<string> kept) =>
        new(options.Dimensions.Values.SelectMany(dimension => dimension.Keys.Concat(dimension.FallbackKeys)).Concat(kept));
}
