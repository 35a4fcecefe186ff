using CostAttribution.Journal.Filesystem;

namespace CostAttribution.Testing.Filesystem;

/// <summary>
/// A disk in memory that forgets what was not synced. Every changing call is numbered and can be made to fail, to find the disk
/// full or to lose power; all of it deterministic by seed. Holds directories of files; counts open handles.
/// </summary>
public sealed class MemoryDisk
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, MemoryFolder> _folders = new(StringComparer.Ordinal);
    private readonly HashSet<string> _locks = new(StringComparer.Ordinal);
    private readonly Random _random;
    private bool _hasPower = true;
    private int _generation;

    public MemoryDisk(int seed = 1)
    {
        _random = new Random(seed);
        _folders.Add("", new MemoryFolder());
    }

    /// <summary>Decides about each changing call: its number from 0, its kind, the file or directory.</summary>
    public Func<long, DiskOperation, string, DiskFault>? Fault { get; set; }

    /// <summary>Decides about each read whether it fails as a bad sector does: the file, the offset, the length.</summary>
    public Func<string, long, int, bool>? Unreadable { get; set; }

    /// <summary>Changing calls so far.</summary>
    public long Operations { get; private set; }

    /// <summary>Successful syncs of files.</summary>
    public long Syncs { get; private set; }

    /// <summary>Bytes that all files together may have.</summary>
    public long CapacityBytes { get; set; } = long.MaxValue;

    public int OpenFiles { get; private set; }

    public StoreDirectory Root => new MemoryDirectory(this, "");

    public long UsedBytes
    {
        get
        {
            lock (_gate)
            {
                long used = 0;
                foreach (var folder in _folders.Values)
                {
                    foreach (var inode in folder.Visible.Values) used += inode.Length;
                }
                return used;
            }
        }
    }

    public void CutPower()
    {
        lock (_gate) _hasPower = false;
    }

    /// <summary>
    /// Power is back after a cut, or the process was killed. What was not synced is lost; with <paramref name="tear"/> each
    /// sector and each directory change of it may also have survived, by seed. Handles and locks of before are dead.
    /// </summary>
    public void Restart(bool tear)
    {
        lock (_gate)
        {
            foreach (var folder in _folders.Values) folder.Restart(tear ? _random : null);
            _locks.Clear();
            _generation++;
            OpenFiles = 0;
            _hasPower = true;
        }
    }

    /// <summary>
    /// The process is killed: what it wrote stays visible, its handles and locks are gone. After <see cref="DiskFault.PowerCut"/>
    /// it was killed in that call, and nothing is lost.
    /// </summary>
    public void KillProcess()
    {
        lock (_gate)
        {
            _hasPower = true;
            _locks.Clear();
            _generation++;
            OpenFiles = 0;
        }
    }

    /// <summary>Damages a stored byte.</summary>
    public void Flip(string path, long offset, byte mask)
    {
        lock (_gate) Find(path).Flip(offset, mask);
    }

    internal T Run<T>(int generation, Func<T> action)
    {
        lock (_gate)
        {
            Check(generation);
            return action();
        }
    }

    /// <summary>A changing call; <paramref name="change"/> gets the fault that it has to act out before failing.</summary>
    internal void Change(int generation, DiskOperation operation, string path, Action<DiskFault, Random> change)
    {
        lock (_gate)
        {
            Check(generation);
            var number = Operations++;
            var fault = Fault?.Invoke(number, operation, path) ?? DiskFault.None;
            change(fault, _random);
            switch (fault)
            {
                case DiskFault.Fail: throw new IOException($"{operation} of {path} fails as told");
                case DiskFault.Full: throw StoreErrors.DiskFull($"no space left for {path}");
                case DiskFault.PowerCut:
                    _hasPower = false;
                    throw new PowerCutException();
                default:
                    if (operation == DiskOperation.Sync) Syncs++;
                    return;
            }
        }
    }

    internal int Generation
    {
        get { lock (_gate) return _generation; }
    }

    internal MemoryFolder Folder(string path, bool create)
    {
        if (!_folders.TryGetValue(path, out var folder))
        {
            if (!create) throw new DirectoryNotFoundException($"there is no directory {path}");
            _folders.Add(path, folder = new MemoryFolder());
        }
        return folder;
    }

    internal void TakeLock(string path)
    {
        if (!_locks.Add(path)) throw new Journal.JournalLockedException(path);
    }

    internal void ReleaseLock(int generation, string path)
    {
        lock (_gate)
        {
            if (generation == _generation) _locks.Remove(path);
        }
    }

    internal void CountHandle(int generation, int change)
    {
        lock (_gate)
        {
            if (generation == _generation) OpenFiles += change;
        }
    }

    private void Check(int generation)
    {
        if (!_hasPower) throw new PowerCutException();
        if (generation != _generation) throw new IOException("the handle is of a process that has ended");
    }

    private MemoryInode Find(string path)
    {
        var slash = path.LastIndexOf('/');
        return Folder(slash < 0 ? "" : path[..slash], create: false).Visible[path[(slash + 1)..]];
    }
}

/// <summary>The entries of a directory as programs see them and as they are on the disk.</summary>
internal sealed class MemoryFolder
{
    private readonly List<Action<Dictionary<string, MemoryInode>>> _pending = [];
    private Dictionary<string, MemoryInode> _durable = new(StringComparer.Ordinal);

    public Dictionary<string, MemoryInode> Visible { get; private set; } = new(StringComparer.Ordinal);

    public void Apply(Action<Dictionary<string, MemoryInode>> change)
    {
        change(Visible);
        _pending.Add(change);
    }

    public void Sync()
    {
        foreach (var change in _pending) change(_durable);
        _pending.Clear();
    }

    /// <summary>Directory changes reach the disk in order, so a part of them that survives is their beginning.</summary>
    public void Restart(Random? random)
    {
        var survivors = random?.Next(_pending.Count + 1) ?? 0;
        for (var index = 0; index < survivors; index++) _pending[index](_durable);
        _pending.Clear();
        foreach (var inode in _durable.Values) inode.Restart(random);
        Visible = new Dictionary<string, MemoryInode>(_durable, StringComparer.Ordinal);
        _durable = new Dictionary<string, MemoryInode>(_durable, StringComparer.Ordinal);
    }
}
