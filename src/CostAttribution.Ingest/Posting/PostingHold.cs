using CostAttribution.Domain.Identity;

namespace CostAttribution.Ingest.Posting;

/// <summary>What must stay until a posting, and all before it, are confirmed.</summary>
internal sealed class PostingHold
{
    /// <summary>Lowest journal position that must stay; <see cref="ulong.MaxValue"/> for none.</summary>
    public ulong JournalFrom { get; private set; } = ulong.MaxValue;

    /// <summary>Traces that were taken back from a set-aside file, which must stay, and its edition.</summary>
    public List<(TraceId Trace, long Edition)> TakenBack { get; } = [];

    public bool IsAnything => JournalFrom != ulong.MaxValue || TakenBack.Count > 0;

    /// <summary>Keeps the journal from <paramref name="position"/>.</summary>
    public void Journal(ulong position) => JournalFrom = Math.Min(JournalFrom, position);
}
