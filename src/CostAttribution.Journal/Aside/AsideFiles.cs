using System.Globalization;
using System.Text;
using CostAttribution.Journal.Filesystem;
using CostAttribution.Journal.Storage;

namespace CostAttribution.Journal.Aside;

/// <summary>Nothing more can be set aside until files are taken out of the directory.</summary>
public sealed class AsideFullException(string directory, long bytesMax)
    : JournalException($"{directory} holds as much as Journal:QuarantineBytesMax {bytesMax} allows; look at the files there, " +
        "mend what they name and move them away, or raise the limit");

/// <summary>
/// What a consumer of the journal cannot use for now and the journal need not hold any longer: one file each below
/// <c>quarantine/</c>, until the consumer takes it back or an operator takes it away.
/// <code>
/// set-aside 1 ─ lines of text (what, why) ─ bytes: n ─ crc32c: hex ─ empty line ─ n bytes of content
/// </code>
/// Bounded in bytes. Safe for concurrent use. I/O failures are <see cref="JournalException"/>; every operation may be tried
/// again.
/// </summary>
public sealed class AsideFiles
{
    private const string Title = "set-aside ";
    private const int Version = 1;
    private const int HeadBytesMax = 16 * 1024;

    private readonly Lock _gate = new();
    private readonly StoreDirectory _journal;
    private readonly string _folder;
    private readonly long _bytesMax;

    // Made at the first look; names and lengths as of the last one.
    private StoreDirectory? _directory;
    private Dictionary<string, long>? _known;

    internal AsideFiles(StoreDirectory journal, string folder, long bytesMax)
    {
        _journal = journal;
        _folder = folder;
        _bytesMax = bytesMax;
    }

    /// <summary>Names of all that is set aside, in ordinal order.</summary>
    public IReadOnlyList<string> List() => Guarded(() =>
    {
        Look_NeedsLock();
        return (IReadOnlyList<string>)[.. _known!.Keys.Order(StringComparer.Ordinal)];
    });

    /// <summary>
    /// Durable on return; replaces what has the name. <paramref name="description"/> is lines of text for an operator. Throws
    /// <see cref="AsideFullException"/> when there is no room.
    /// </summary>
    public void Keep(string name, string description, ReadOnlyMemory<byte> content) => Guarded(() =>
    {
        var head = HeadOf(description, content);
        // An operator may have made room since the last look.
        if (!HasRoom_NeedsLock(name, head.Length + content.Length)) _known = null;
        if (!HasRoom_NeedsLock(name, head.Length + content.Length))
            throw new AsideFullException(DisplayName, _bytesMax);
        Directory.Replace(name, head, content);
        return _known![name] = head.Length + content.Length;
    });

    /// <summary>
    /// The content as it was kept, or null when there is no such file. Throws <see cref="JournalDamageException"/> when it
    /// does not check and <see cref="JournalVersionException"/> when a newer version wrote it; the file stays.
    /// </summary>
    public byte[]? TryRead(string name) => Guarded(() =>
    {
        if (!Directory.Exists(name)) return null;
        var file = Directory.ReadAll(name, int.MaxValue);
        var text = Encoding.UTF8.GetString(file.AsSpan(0, Math.Min(file.Length, HeadBytesMax)));
        var end = text.IndexOf("\n\n", StringComparison.Ordinal);
        var lines = end < 0 ? [] : text[..end].Split('\n');
        if (lines.Length < 3 || !lines[0].StartsWith(Title, StringComparison.Ordinal)
            || !int.TryParse(lines[0].AsSpan(Title.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var version))
            throw Damaged(name);
        if (version > Version) throw new JournalVersionException(name, version, Version);
        var content = file.AsMemory(Encoding.UTF8.GetByteCount(text.AsSpan(0, end)) + 2);
        return lines.AsSpan(^2..).SequenceEqual(ChecksOf(content)) ? content.ToArray() : throw Damaged(name);
    });

    /// <summary>Deletes what has been taken back; nothing happens when there is none.</summary>
    public void Delete(string name) => Guarded(() =>
    {
        if (Directory.Exists(name)) Directory.Delete(name);
        else Directory.SyncAll();
        return _known?.Remove(name);
    });

    private StoreDirectory Directory => _directory ??= _journal.Subdirectory(Quarantine.DirectoryName).Subdirectory(_folder);

    private string DisplayName => $"{_journal.DisplayName}/{Quarantine.DirectoryName}/{_folder}";

    private static byte[] HeadOf(string description, ReadOnlyMemory<byte> content)
    {
        var lines = description.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var text = string.Join('\n', lines);
        if (text.Length > HeadBytesMax / 4) text = text[..(HeadBytesMax / 4)];
        return Encoding.UTF8.GetBytes($"{Title}{Version}\n{text}\n{string.Join('\n', ChecksOf(content))}\n\n");
    }

    private static string[] ChecksOf(ReadOnlyMemory<byte> content) =>
    [
        string.Create(CultureInfo.InvariantCulture, $"bytes: {content.Length}"),
        string.Create(CultureInfo.InvariantCulture, $"crc32c: {Crc32C.Compute(content.Span):x8}"),
    ];

    private bool HasRoom_NeedsLock(string name, long bytes)
    {
        Look_NeedsLock();
        return _known!.Values.Sum() - _known.GetValueOrDefault(name) + bytes <= _bytesMax;
    }

    private void Look_NeedsLock()
    {
        if (_known is not null) return;
        var known = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (name, length) in Directory.List())
        {
            if (name.EndsWith(StoreDirectory.TemporarySuffix, StringComparison.Ordinal)) Directory.Delete(name);
            else known[name] = length;
        }
        _known = known;
    }

    private JournalDamageException Damaged(string name) =>
        new($"{DisplayName}/{name} does not check; move it away");

    private T Guarded<T>(Func<T> action)
    {
        try
        {
            lock (_gate) return action();
        }
        catch (Exception error) when (StoreErrors.IsDiskFailure(error))
        {
            // What is there may differ from what is known.
            lock (_gate) _known = null;
            throw new JournalException($"{DisplayName} cannot be used: {error.Message}", error);
        }
    }
}
