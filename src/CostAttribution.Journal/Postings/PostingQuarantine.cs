using System.Text;
using CostAttribution.Journal.Filesystem;

namespace CostAttribution.Journal.Postings;

/// <summary>The directory of refused postings is full: nothing more is set aside until files are taken out of it.</summary>
public sealed class PostingQuarantineFullException(string directory, long bytesMax)
    : JournalException($"{directory} holds as much as QuarantineBytesMax {bytesMax} allows; see quarantine list, mend the " +
        "cause and post them again with quarantine post");

/// <summary>
/// Postings that the store refuses for what they say, one file each in <c>quarantine/</c>, kept until they are posted
/// again:
/// <code>
/// id.refused = lines of text (what was refused, when, why) ─ empty line ─ the posting's bytes
/// </code>
/// Bounded: when full, the holder must wait. Belongs to a <see cref="PostingSpool"/>, which does the locking.
/// </summary>
internal sealed class PostingQuarantine(StoreDirectory parent, long bytesMax)
{
    public const string DirectoryName = "quarantine";
    public const string Suffix = ".refused";

    // Made when the first posting is refused.
    private StoreDirectory? directory;

    public IReadOnlyList<StoreEntry> List() =>
        [.. Directory.List().Where(entry => entry.Name.EndsWith(Suffix, StringComparison.Ordinal))];

    /// <summary>Durable on return. The same posting again replaces its file.</summary>
    public void Keep(string postingId, string description, ReadOnlyMemory<byte> content)
    {
        var name = postingId + Suffix;
        var head = Encoding.UTF8.GetBytes(description.TrimEnd('\n') + "\n\n");
        long kept = 0;
        foreach (var entry in List()) kept += entry.Name == name ? 0 : entry.Length;
        if (kept + head.Length + content.Length > bytesMax)
            throw new PostingQuarantineFullException($"{parent.DisplayName}/{DirectoryName}", bytesMax);
        Directory.Replace(name, head, content);
    }

    private StoreDirectory Directory => directory ??= parent.Subdirectory(DirectoryName);
}
