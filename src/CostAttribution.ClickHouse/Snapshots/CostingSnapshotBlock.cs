using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Native;

namespace CostAttribution.ClickHouse.Snapshots;

/// <summary>Kept snapshots as one block for <c>costing_snapshots</c>.</summary>
internal sealed class CostingSnapshotBlock : RowBlock
{
    public const string TableName = "costing_snapshots";

    private static readonly string Kinds = string.Join(", ", Enum.GetValues<SnapshotKind>()
        .Select(kind => $"'{SchemaEnums.SnakeCase(kind)}' = {(int)kind}"));

    private readonly FixedWidthColumn<sbyte> kinds;
    private readonly FixedWidthColumn<long> versions;
    private readonly StringColumn contents;
    private readonly FixedWidthColumn<long> keptAt;

    public CostingSnapshotBlock() : base(TableName)
    {
        kinds = Add("kind", Columns.Enum8(Kinds));
        versions = Add("version", Columns.Int64());
        contents = Add("content", Columns.String());
        keptAt = Add("kept_at", Columns.DateTimeMillis());
    }

    public void Append(SnapshotKey key, ReadOnlySpan<byte> content, long keptAtMillis)
    {
        kinds.Append((sbyte)key.Kind);
        versions.Append(key.Version);
        contents.Append(content);
        keptAt.Append(keptAtMillis);
    }
}
