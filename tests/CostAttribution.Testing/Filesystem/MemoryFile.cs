using CostAttribution.Journal.Filesystem;

namespace CostAttribution.Testing.Filesystem;

/// <summary>An open file of a <see cref="MemoryDisk"/>. Using it after disposal, or writing one opened to read, throws.</summary>
internal sealed class MemoryFile : StoreFile
{
    private readonly MemoryDisk _disk;
    private readonly int _generation;
    private readonly string _path;
    private readonly MemoryInode _inode;
    private readonly bool _writable;
    private bool _disposed;

    public MemoryFile(MemoryDisk disk, int generation, string path, MemoryInode inode, bool writable)
    {
        _disk = disk;
        _generation = generation;
        _path = path;
        _inode = inode;
        _writable = writable;
        disk.CountHandle(generation, 1);
    }

    public override long Length => Run(() => _inode.Length);

    public override int Read(Span<byte> buffer, long offset)
    {
        var copy = new byte[buffer.Length];
        var read = Run(() => _disk.Unreadable?.Invoke(_path, offset, copy.Length) == true
            ? throw StoreErrors.Unreadable($"{_path} cannot be read at {offset} as told")
            : _inode.Read(copy, offset));
        copy.AsSpan(0, read).CopyTo(buffer);
        return read;
    }

    public override void Write(ReadOnlySpan<byte> bytes, long offset) => Write([bytes.ToArray()], offset);

    public override void Write(IReadOnlyList<ReadOnlyMemory<byte>> buffers, long offset)
    {
        var all = new MemoryStream();
        foreach (var buffer in buffers) all.Write(buffer.Span);
        var bytes = all.ToArray();
        Change(DiskOperation.Write, (fault, random) =>
        {
            var growth = Math.Max(0, offset + bytes.Length - _inode.Length);
            var isFull = growth > _disk.CapacityBytes - _disk.UsedBytes;
            var part = fault == DiskFault.None && !isFull ? bytes.Length : random.Next(bytes.Length + 1);
            if (isFull) part = (int)Math.Min(part, Math.Max(0, _disk.CapacityBytes - _disk.UsedBytes));
            if (part > 0) _inode.Write(bytes.AsSpan(0, part), offset);
            if (isFull && fault == DiskFault.None) throw StoreErrors.DiskFull($"no space left for {_path}");
        });
    }

    public override void SetLength(long length) => Change(DiskOperation.SetLength, (fault, _) =>
    {
        if (fault == DiskFault.None) _inode.SetLength(length);
    });

    public override void Sync() => Change(DiskOperation.Sync, (fault, random) =>
    {
        if (fault == DiskFault.None) _inode.Sync();
        else if (fault is DiskFault.Fail or DiskFault.Full) _inode.SyncPartly(random);
    });

    protected override void Dispose(bool disposing)
    {
        if (_disposed) return;
        _disposed = true;
        _disk.CountHandle(_generation, -1);
    }

    private T Run<T>(Func<T> action)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _disk.Run(_generation, action);
    }

    private void Change(DiskOperation operation, Action<DiskFault, Random> change)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!_writable) throw new UnauthorizedAccessException($"{_path} was opened to read");
        _disk.Change(_generation, operation, _path, change);
    }
}
