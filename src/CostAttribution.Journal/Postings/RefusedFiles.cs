using System.Text;
using CostAttribution.Journal.Filesystem;

namespace CostAttribution.Journal.Postings;

/// <summary>A refused posting as it was set aside.</summary>
/// <param name="Description">Lines of <c>name: value</c> behind a first one in words.</param>
/// <param name="Content">The posting's bytes, unchecked.</param>
public sealed record RefusedFile(string Description, byte[] Content);

/// <summary>
/// The refused postings of a directory of postings, for looking at them and taking them away; <see cref="PostingSpool"/> puts
/// them there. Needs no lock: a file appears whole. I/O failures are <see cref="JournalException"/>.
/// </summary>
public sealed class RefusedFiles(StoreDirectory postings)
{
    private StoreDirectory? directory;

    /// <summary>Ids and bytes, in ordinal order.</summary>
    public IReadOnlyList<(string PostingId, long Bytes)> List() => Guarded(() => (IReadOnlyList<(string, long)>)
        [.. Directory.List().Where(entry => entry.Name.EndsWith(PostingQuarantine.Suffix, StringComparison.Ordinal))
            .Select(entry => (entry.Name[..^PostingQuarantine.Suffix.Length], entry.Length))]);

    /// <summary>Null when there is none of that name.</summary>
    public RefusedFile? TryRead(string postingId) => Guarded(() =>
    {
        // Only names that were listed are looked up: an id may come from a caller.
        if (!List().Any(file => file.PostingId == postingId)) return null;
        var bytes = Directory.ReadAll(postingId + PostingQuarantine.Suffix, int.MaxValue);
        var end = bytes.AsSpan().IndexOf("\n\n"u8);
        return end < 0 ? new RefusedFile("", bytes) : new RefusedFile(Encoding.UTF8.GetString(bytes, 0, end), bytes[(end + 2)..]);
    });

    /// <summary>Deletes one that is no longer needed; nothing happens when there is none.</summary>
    public void Delete(string postingId) => Guarded(() =>
    {
        if (List().Any(file => file.PostingId == postingId)) Directory.Delete(postingId + PostingQuarantine.Suffix);
        else Directory.SyncAll();
        return true;
    });

    private StoreDirectory Directory => directory ??= postings.Subdirectory(PostingQuarantine.DirectoryName);

    private T Guarded<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception error) when (StoreErrors.IsDiskFailure(error))
        {
            throw new JournalException(
                $"the refused postings in {postings.DisplayName} cannot be used: {error.Message}", error);
        }
    }
}
