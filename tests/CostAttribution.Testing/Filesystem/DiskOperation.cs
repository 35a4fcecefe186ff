namespace CostAttribution.Testing.Filesystem;

/// <summary>Calls that change a <see cref="MemoryDisk"/>; each is a moment at which it can fail or lose power.</summary>
public enum DiskOperation
{
    Create,
    Write,
    SetLength,
    Sync,
    Rename,
    Delete,
    SyncEntries,
}

/// <summary>What a <see cref="MemoryDisk"/> does with a call.</summary>
public enum DiskFault
{
    None,

    /// <summary>
    /// Fails; a write has stored part of its bytes, a failed sync has stored part of what was pending and forgets the rest.
    /// </summary>
    Fail,

    /// <summary>Fails with "no space left"; a write has stored part of its bytes.</summary>
    Full,

    /// <summary>The power goes during the call. Every later call fails until <see cref="MemoryDisk.Restart"/>.</summary>
    PowerCut,
}

/// <summary>The disk has no power.</summary>
public sealed class PowerCutException() : IOException("the power is cut");
