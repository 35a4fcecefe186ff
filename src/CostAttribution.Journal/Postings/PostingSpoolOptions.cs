namespace CostAttribution.Journal.Postings;

/// <summary>Limits of the <see cref="PostingSpool"/>. Sizes are bytes.</summary>
public sealed class PostingSpoolOptions
{
    public const string Section = "Postings";

    /// <summary>Content of one posting. Default 256 MiB.</summary>
    public int PostingBytesMax { get; init; } = 256 * 1024 * 1024;

    /// <summary>
    /// Postings that wait for the store, together; beyond it none is taken. At least two of the largest: one that is refused is
    /// divided beside its halves. Default 1 GiB.
    /// </summary>
    public long PendingBytesMax { get; init; } = 1024L * 1024 * 1024;

    /// <summary>
    /// Most that is kept of confirmed postings. Given up, oldest first, while the volume has less than
    /// <see cref="JournalOptions.FreeBytesMin"/>. Default 1 GiB.
    /// </summary>
    public long ConfirmedBytesMax { get; init; } = 1024L * 1024 * 1024;

    /// <summary>Longest that a confirmed posting is kept. Default 10 minutes.</summary>
    public TimeSpan ConfirmedAge { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Most that is kept of postings that the store refuses for what they say. When it is reached posting waits, with an alarm,
    /// until an operator has taken files away. Default 1 GiB.
    /// </summary>
    public long QuarantineBytesMax { get; init; } = 1024L * 1024 * 1024;

    /// <summary>One message per fault; empty when all is well.</summary>
    public IReadOnlyList<string> Validate()
    {
        var faults = new List<string>();
        Check(PostingBytesMax is >= 1 and <= 1024 * 1024 * 1024, nameof(PostingBytesMax), "must be between 1 byte and 1 GiB");
        Check(PendingBytesMax >= 2L * PostingBytesMax, nameof(PendingBytesMax),
            $"must be at least twice {nameof(PostingBytesMax)}");
        Check(ConfirmedBytesMax >= 0, nameof(ConfirmedBytesMax), "must not be negative");
        Check(ConfirmedAge >= TimeSpan.Zero, nameof(ConfirmedAge), "must not be negative");
        Check(QuarantineBytesMax >= 0, nameof(QuarantineBytesMax), "must not be negative");
        return faults;

        void Check(bool holds, string name, string rule)
        {
            if (!holds) faults.Add($"{Section}:{name} {rule}");
        }
    }
}
