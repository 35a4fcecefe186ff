using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Native;
using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.ClickHouse.Snapshots;

/// <summary>
/// Keeps every rate book and attribution table that rows were posted with, and gives them back by version. Contents are the
/// bytes that a version is derived from.
/// </summary>
public sealed class SnapshotArchive(IClickHouseTransport transport)
{
    /// <summary>
    /// Keeps a snapshot unless it is there; durable when the task completes. Throws <see cref="InvalidDataException"/> when
    /// another content was kept under its version: rows of the two could not be told apart.
    /// </summary>
    public async Task KeepAsync(SnapshotKey key, ReadOnlyMemory<byte> content, long nowMillis, CancellationToken cancel)
    {
        var kept = await LoadAsync([key], cancel).ConfigureAwait(false);
        if (!kept.TryGetValue(key, out var before))
        {
            using var block = new CostingSnapshotBlock();
            block.Append(key, content.Span, nowMillis);
            await transport.InsertAsync(block.ToInsert($"snapshot/{SchemaEnums.SnakeCase(key.Kind)}/{key.Version}"), cancel)
                .ConfigureAwait(false);
            // A node that kept another one at the same moment shows only now.
            kept = await LoadAsync([key], cancel).ConfigureAwait(false);
            if (!kept.TryGetValue(key, out before)) return;
        }
        if (!before.AsSpan().SequenceEqual(content.Span))
        {
            throw new InvalidDataException($"{SchemaEnums.SnakeCase(key.Kind)} version {key.Version} is already in use for " +
                "another content; change any value in it, so that it gets a version of its own");
        }
    }

    /// <summary>The contents of the snapshots asked for that were kept.</summary>
    public async Task<IReadOnlyDictionary<SnapshotKey, byte[]>> LoadAsync(IReadOnlyCollection<SnapshotKey> keys,
        CancellationToken cancel)
    {
        if (keys.Count == 0) return new Dictionary<SnapshotKey, byte[]>();
        var list = string.Join(", ", keys.Select(key => $"('{SchemaEnums.SnakeCase(key.Kind)}', {SqlText.Number(key.Version)})"));
        return await ReadAsync($"WHERE (kind, version) IN ({list})", cancel).ConfigureAwait(false);
    }

    /// <summary>The newest contents of one kind, at most <paramref name="max"/>.</summary>
    public async Task<IReadOnlyDictionary<SnapshotKey, byte[]>> LoadNewestAsync(SnapshotKind kind, int max,
        CancellationToken cancel) =>
        await ReadAsync($"WHERE kind = '{SchemaEnums.SnakeCase(kind)}' ORDER BY kept_at DESC LIMIT {SqlText.Number(max)}", cancel)
            .ConfigureAwait(false);

    private async Task<Dictionary<SnapshotKey, byte[]>> ReadAsync(string condition, CancellationToken cancel)
    {
        var sql = $"SELECT kind, version, content FROM {CostingSnapshotBlock.TableName} {condition}";
        var found = new Dictionary<SnapshotKey, byte[]>();
        foreach (var block in await transport.ReadAsync(new ClickHouseQuery(sql), cancel).ConfigureAwait(false))
        {
            if (block.Rows == 0) continue;
            var kinds = block.Column<FixedWidthValues>("kind");
            var versions = block.Column<FixedWidthValues>("version");
            var contents = block.Column<StringValues>("content");
            for (var i = 0; i < block.Rows; i++)
                found[new SnapshotKey((SnapshotKind)kinds.At<sbyte>(i), versions.At<long>(i))] = contents.BytesAt(i).ToArray();
        }
        return found;
    }
}
