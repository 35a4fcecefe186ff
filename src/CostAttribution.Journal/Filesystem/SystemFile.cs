using Microsoft.Win32.SafeHandles;

namespace CostAttribution.Journal.Filesystem;

/// <summary>A file of the operating system, read and written at offsets without a buffer of its own.</summary>
internal sealed class SystemFile : StoreFile
{
    private readonly SafeFileHandle _handle;

    public SystemFile(string path, FileMode mode, FileAccess access) =>
        _handle = File.OpenHandle(path, mode, access, FileShare.ReadWrite | FileShare.Delete);

    public override long Length => RandomAccess.GetLength(_handle);

    public override int Read(Span<byte> buffer, long offset)
    {
        var total = 0;
        while (total < buffer.Length)
        {
            var read = RandomAccess.Read(_handle, buffer[total..], offset + total);
            if (read == 0) break;
            total += read;
        }
        return total;
    }

    public override void Write(ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(_handle, bytes, offset);

    public override void Write(IReadOnlyList<ReadOnlyMemory<byte>> buffers, long offset) =>
        RandomAccess.Write(_handle, buffers, offset);

    public override void SetLength(long length) => RandomAccess.SetLength(_handle, length);

    public override void Sync() => RandomAccess.FlushToDisk(_handle);

    protected override void Dispose(bool disposing)
    {
        if (disposing) _handle.Dispose();
    }
}
