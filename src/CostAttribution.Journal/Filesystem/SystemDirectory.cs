namespace CostAttribution.Journal.Filesystem;

/// <summary>A directory of the operating system.</summary>
public sealed class SystemDirectory : StoreDirectory
{
    private readonly string _path;

    private SystemDirectory(string path) => _path = path;

    public override string DisplayName => _path;

    /// <summary>Adopts the directory, making it and what is missing above it.</summary>
    public static SystemDirectory Open(string path)
    {
        var full = Path.GetFullPath(path);
        CreateDurably(full);
        return new SystemDirectory(full);
    }

    public override bool Exists(string name) => File.Exists(PathOf(name));

    public override StoreFile Open(string name, bool writable = false) =>
        new SystemFile(PathOf(name), FileMode.Open, writable ? FileAccess.ReadWrite : FileAccess.Read);

    public override IReadOnlyList<StoreEntry> List()
    {
        var entries = new List<StoreEntry>();
        foreach (var file in new DirectoryInfo(_path).EnumerateFiles()) entries.Add(new StoreEntry(file.Name, file.Length));
        entries.Sort(static (left, right) => string.CompareOrdinal(left.Name, right.Name));
        return entries;
    }

    public override StoreDirectory Subdirectory(string name)
    {
        var path = PathOf(name);
        CreateDurably(path);
        return new SystemDirectory(path);
    }

    /// <remarks>
    /// <see cref="FileShare.None"/> on a file open for writing is an exclusive advisory lock of the operating system, so it ends
    /// with the process, however that ends.
    /// </remarks>
    public override IDisposable Lock(string name)
    {
        try
        {
            return File.OpenHandle(PathOf(name), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error) when (StoreErrors.IsInUse(error))
        {
            throw new JournalLockedException(_path, error);
        }
    }

    public override long FreeBytes()
    {
        var volume = OperatingSystem.IsWindows() ? Path.GetPathRoot(_path)! : _path;
        return new DriveInfo(volume).AvailableFreeSpace;
    }

    protected override StoreFile CreateFile(string name) =>
        new SystemFile(PathOf(name), FileMode.CreateNew, FileAccess.ReadWrite);

    protected override void RenameFile(string from, string to) => File.Move(PathOf(from), PathOf(to), overwrite: true);

    protected override void DeleteFile(string name) => File.Delete(PathOf(name));

    protected override void SyncEntries() => PosixDirectory.Sync(_path);

    private string PathOf(string name) => Path.Combine(_path, name);

    private static void CreateDurably(string path)
    {
        if (Directory.Exists(path)) return;
        var parent = Path.GetDirectoryName(path);
        if (parent is not null) CreateDurably(parent);
        Directory.CreateDirectory(path);
        if (parent is not null) PosixDirectory.Sync(parent);
    }
}
