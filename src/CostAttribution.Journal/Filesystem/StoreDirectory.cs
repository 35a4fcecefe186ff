namespace CostAttribution.Journal.Filesystem;

/// <summary>
/// A flat directory of files: the seam between the journal and the disk. The primitives change entries in memory of the
/// operating system; the public operations also sync the directory, so that on return a created, renamed or deleted entry
/// survives a power cut. Safe for concurrent use on different names.
/// Failures are <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>.
/// </summary>
public abstract class StoreDirectory
{
    /// <summary>Suffix of files that are not finished; whoever opens a directory may delete them.</summary>
    public const string TemporarySuffix = ".tmp";

    /// <summary>The path, for messages to the operator.</summary>
    public abstract string DisplayName { get; }

    public abstract bool Exists(string name);

    /// <summary>Opens an existing file.</summary>
    public abstract StoreFile Open(string name, bool writable = false);

    /// <summary>All files, in ordinal order of their names; no subdirectories.</summary>
    public abstract IReadOnlyList<StoreEntry> List();

    /// <summary>A directory below this one, made (durably) when it is not there.</summary>
    public abstract StoreDirectory Subdirectory(string name);

    /// <summary>
    /// Takes an exclusive lock, held until disposed or until the process ends. Throws <see cref="JournalLockedException"/>
    /// when another holder, in this or in another process, has it.
    /// </summary>
    public abstract IDisposable Lock(string name);

    /// <summary>Bytes that this process may still write on the volume.</summary>
    public abstract long FreeBytes();

    protected abstract StoreFile CreateFile(string name);

    protected abstract void RenameFile(string from, string to);

    protected abstract void DeleteFile(string name);

    /// <summary>Makes the entries, not the content of the files, durable.</summary>
    protected abstract void SyncEntries();

    /// <summary>Creates an empty file that must not exist yet.</summary>
    public StoreFile Create(string name)
    {
        var file = CreateFile(name);
        try
        {
            SyncEntries();
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Renames, replacing the target when it exists. After a power cut there is the old or the new target, whole.
    /// </summary>
    public void Rename(string from, string to)
    {
        RenameFile(from, to);
        SyncEntries();
    }

    /// <summary>Makes all entries durable as they are now: for trying again after an operation whose sync failed.</summary>
    public void SyncAll() => SyncEntries();

    public void Delete(string name)
    {
        DeleteFile(name);
        SyncEntries();
    }

    /// <summary>
    /// Writes a whole file so that after a power cut at any moment it has the old or the new content, never a mix.
    /// </summary>
    public void Replace(string name, ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> body = default)
    {
        var temporary = name + TemporarySuffix;
        if (Exists(temporary)) DeleteFile(temporary);
        using (var file = CreateFile(temporary))
        {
            file.Write([head, body], 0);
            file.Sync();
        }
        RenameFile(temporary, name);
        SyncEntries();
    }

    /// <summary>Reads a whole file that the caller knows to be small.</summary>
    public byte[] ReadAll(string name, int bytesMax)
    {
        using var file = Open(name);
        var length = file.Length;
        if (length > bytesMax) throw new JournalException($"{name} in {DisplayName} has {length} bytes, more than {bytesMax}");
        var content = new byte[length];
        var read = file.Read(content, 0);
        return read == content.Length ? content : content[..read];
    }
}

/// <summary>A file name and its length in bytes.</summary>
public readonly record struct StoreEntry(string Name, long Length);
