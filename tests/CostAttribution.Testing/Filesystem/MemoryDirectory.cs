using CostAttribution.Journal.Filesystem;

namespace CostAttribution.Testing.Filesystem;

/// <summary>A directory of a <see cref="MemoryDisk"/>.</summary>
internal sealed class MemoryDirectory(MemoryDisk disk, string path) : StoreDirectory
{
    private readonly int _generation = disk.Generation;

    public override string DisplayName => "memory:" + path;

    public override bool Exists(string name) => disk.Run(_generation, () => Folder.Visible.ContainsKey(name));

    public override StoreFile Open(string name, bool writable = false) => disk.Run(_generation, () =>
        Folder.Visible.TryGetValue(name, out var inode)
            ? new MemoryFile(disk, _generation, PathOf(name), inode, writable)
            : throw new FileNotFoundException($"there is no file {PathOf(name)}"));

    public override IReadOnlyList<StoreEntry> List() => disk.Run(_generation, () =>
    {
        var entries = new List<StoreEntry>();
        foreach (var (name, inode) in Folder.Visible) entries.Add(new StoreEntry(name, inode.Length));
        entries.Sort(static (left, right) => string.CompareOrdinal(left.Name, right.Name));
        return entries;
    });

    public override StoreDirectory Subdirectory(string name)
    {
        disk.Change(_generation, DiskOperation.Create, PathOf(name), (fault, _) =>
        {
            if (fault == DiskFault.None) disk.Folder(PathOf(name), create: true);
        });
        return new MemoryDirectory(disk, PathOf(name));
    }

    public override IDisposable Lock(string name)
    {
        disk.Run(_generation, () =>
        {
            disk.TakeLock(PathOf(name));
            return true;
        });
        return new HeldLock(disk, _generation, PathOf(name));
    }

    public override long FreeBytes() => disk.Run(_generation, () => disk.CapacityBytes - disk.UsedBytes);

    protected override StoreFile CreateFile(string name)
    {
        var inode = new MemoryInode();
        disk.Change(_generation, DiskOperation.Create, PathOf(name), (fault, _) =>
        {
            if (Folder.Visible.ContainsKey(name)) throw new IOException($"{PathOf(name)} exists");
            if (fault is DiskFault.None or DiskFault.PowerCut) Folder.Apply(entries => entries.Add(name, inode));
        });
        return new MemoryFile(disk, _generation, PathOf(name), inode, writable: true);
    }

    protected override void RenameFile(string from, string to) =>
        disk.Change(_generation, DiskOperation.Rename, PathOf(from), (fault, _) =>
        {
            if (!Folder.Visible.ContainsKey(from)) throw new FileNotFoundException($"there is no file {PathOf(from)}");
            if (fault is DiskFault.None or DiskFault.PowerCut) Folder.Apply(entries =>
            {
                if (entries.Remove(from, out var inode)) entries[to] = inode;
            });
        });

    protected override void DeleteFile(string name) =>
        disk.Change(_generation, DiskOperation.Delete, PathOf(name), (fault, _) =>
        {
            if (fault is DiskFault.None or DiskFault.PowerCut) Folder.Apply(entries => entries.Remove(name));
        });

    protected override void SyncEntries() => disk.Change(_generation, DiskOperation.SyncEntries, path, (fault, _) =>
    {
        if (fault == DiskFault.None) Folder.Sync();
    });

    private MemoryFolder Folder => disk.Folder(path, create: false);

    private string PathOf(string name) => path.Length == 0 ? name : path + "/" + name;

    private sealed class HeldLock(MemoryDisk disk, int generation, string path) : IDisposable
    {
        public void Dispose() => disk.ReleaseLock(generation, path);
    }
}
