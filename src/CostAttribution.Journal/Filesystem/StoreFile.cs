namespace CostAttribution.Journal.Filesystem;

/// <summary>
/// An open file of a <see cref="StoreDirectory"/>. Offsets and lengths are bytes. What is written is visible to readers at once
/// and survives a power cut only after <see cref="Sync"/> has returned. A failed <see cref="Sync"/> says nothing about what
/// reached the disk, and a later successful one does not repair it: the caller must stop using the file for new promises.
/// Failures are <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>.
/// </summary>
public abstract class StoreFile : IDisposable
{
    public abstract long Length { get; }

    /// <summary>Fills as much of the buffer as the file has from the offset on; returns the bytes read, 0 past the end.</summary>
    public abstract int Read(Span<byte> buffer, long offset);

    /// <summary>Writes all bytes. On failure any part of them may have been written.</summary>
    public abstract void Write(ReadOnlySpan<byte> bytes, long offset);

    /// <summary>Writes the buffers one after the other from the offset on. On failure any part may have been written.</summary>
    public abstract void Write(IReadOnlyList<ReadOnlyMemory<byte>> buffers, long offset);

    /// <summary>Cuts or extends (with zeros) the file. Durable after <see cref="Sync"/>.</summary>
    public abstract void SetLength(long length);

    /// <summary>Returns when content and length are on stable storage.</summary>
    public abstract void Sync();

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}
