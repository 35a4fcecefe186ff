namespace CostAttribution.ClickHouse.Embedded;

/// <summary>Limits of the embedded engine. One engine and one data directory per process.</summary>
public sealed class ChdbOptions
{
    /// <summary>Directory that the engine owns; created when missing. Locked while the engine runs.</summary>
    public required string Directory { get; init; }

    /// <summary>Memory the engine may use for all statements together, in bytes.</summary>
    public long MemoryBytesMax { get; init; } = 4L << 30;

    /// <summary>Memory one statement of the product may use, in bytes.</summary>
    public long QueryMemoryBytesMax { get; init; } = 2L << 30;

    /// <summary>Engine threads one statement of the product may use.</summary>
    public int QueryThreadsMax { get; init; } = 2;

    /// <summary>Statements of the product that run at a time, inserts apart.</summary>
    public int QueryLanes { get; init; } = 3;

    /// <summary>Inserts that run at a time. They have lanes of their own, so that no reader delays a posting.</summary>
    public int InsertLanes { get; init; } = 1;

    /// <summary>Statements that may wait for a lane; more callers wait outside the queue.</summary>
    public int WaitingMax { get; init; } = 256;

    /// <summary>Cache of index marks, in bytes.</summary>
    public long MarkCacheBytes { get; init; } = 64L << 20;
}
