using CostAttribution.ClickHouse.Snapshots;
using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Tracing;

namespace CostAttribution.Ingest.Costing;

/// <summary>
/// The keys spans must be decoded with: those of the settings and of the cost rules in force, and those of every attribution
/// table and rate book that rows were posted with, so that these rows can be costed again by their own rules.
/// </summary>
public static class KeptKeys
{
    /// <summary>Kept tables and books looked at, newest first; rows of older ones are corrected by today's, flagged.</summary>
    public const int TablesMax = 64;

    /// <summary>Configured keys decoded in all; beyond it the oldest tables' keys are left out.</summary>
    public const int KeysMax = 16_384;

    /// <summary>Names of keys that kept tables and books read and settings may no longer name.</summary>
    public static async Task<IReadOnlyList<string>> LoadAsync(SnapshotArchive archive, CancellationToken cancel)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        await AddAsync(SnapshotKind.Attribution, AttributionText.KeysOf).ConfigureAwait(false);
        await AddAsync(SnapshotKind.RateBook, RateBookText.RuleKeysOf).ConfigureAwait(false);
        return [.. names];

        async Task AddAsync(SnapshotKind kind, Func<ReadOnlyMemory<byte>, IReadOnlyList<string>> keysOf)
        {
            var contents = await archive.LoadNewestAsync(kind, TablesMax, cancel).ConfigureAwait(false);
            foreach (var content in contents.Values)
            {
                try
                {
                    var keys = keysOf(content);
                    if (names.Count + keys.Count <= KeysMax) names.UnionWith(keys);
                }
                catch (InvalidDataException)
                {
                    // Of a newer program: its rows are corrected by today's rules, flagged.
                }
            }
        }
    }

    /// <summary>The keys that settings configure and the rules of a book read, with <paramref name="kept"/> ones.</summary>
    public static AttributeKeyTable With(AttributionOptions options, IReadOnlyList<string> kept, RateBook? book = null) =>
        new(options.Dimensions.Values.SelectMany(dimension => dimension.Keys.Concat(dimension.FallbackKeys))
            .Concat(book?.CostRuleMatcher.AttributeKeys ?? []).Concat(kept));
}
