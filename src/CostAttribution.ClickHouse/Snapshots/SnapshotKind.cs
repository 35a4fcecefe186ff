namespace CostAttribution.ClickHouse.Snapshots;

/// <summary>What a kept snapshot is. Persisted by name and number: append only.</summary>
public enum SnapshotKind : byte { RateBook = 1, Attribution = 2 }

/// <summary>Names a kept snapshot, as ledger rows do.</summary>
public readonly record struct SnapshotKey(SnapshotKind Kind, long Version);
