using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Ingest.Costing;

namespace CostAttribution.Ingest.Posting;

/// <summary>
/// What stands in the ledger for one trace, as of the last posting handed over. There is one per trace in memory, so each map
/// is made when there is something to put in.
/// </summary>
internal sealed class StandingTrace
{
    private Dictionary<(SpanId SpanId, string CostItem), LedgerEntry>? entries;
    private Dictionary<(SpanId SpanId, string CostItem), int>? revisions;
    private ulong[] factHashes = [];

    /// <summary>Standing entries by what they are for.</summary>
    public Dictionary<(SpanId SpanId, string CostItem), LedgerEntry> Entries => entries ??= [];

    /// <summary>
    /// Highest revision ever posted for a (span, cost item) of which nothing stands any more; others may be in it too.
    /// </summary>
    public Dictionary<(SpanId SpanId, string CostItem), int> Revisions => revisions ??= [];

    /// <summary>
    /// Rows beyond the one that stands for their key, to be reversed with the next posting; null for none.
    /// </summary>
    public List<LedgerEntry>? Surplus { get; set; }

    /// <summary>Reversals of nothing, to be made up for with the next posting; null for none.</summary>
    public List<LedgerEntry>? StrayReversals { get; set; }

    /// <summary>
    /// What the entries were posted with. Held here for as long as the trace is in memory, so that it can be costed again at
    /// any time; one element for nearly all traces.
    /// </summary>
    public IReadOnlyList<KeptPair> Pairs { get; private set; } = [];

    /// <summary>Notes what some entries were or will be posted with.</summary>
    public void Hold(KeptPair pair)
    {
        for (var i = 0; i < Pairs.Count; i++)
        {
            if (Pairs[i].Key == pair.Key) return;
        }
        Pairs = [.. Pairs, pair];
    }

    public int EntryCount => entries?.Count ?? 0;

    /// <summary>Highest revision ever posted where nothing stands; 0 when there was none.</summary>
    public int RevisionOf((SpanId SpanId, string CostItem) key) => revisions is null ? 0 : revisions.GetValueOrDefault(key);

    /// <summary>Makes room for the first entries.</summary>
    public void Expect(int newEntries)
    {
        if (newEntries > 0) entries ??= new(newEntries);
    }

    /// <summary>
    /// Notes what the facts say about the span at a position of the trace, as a hash. False when they said the same last time:
    /// an unchanged span is not written again.
    /// </summary>
    public bool NoteFacts(int position, ulong hash, int spans)
    {
        if (position >= factHashes.Length) Array.Resize(ref factHashes, spans);
        // Zero stands for "nothing said yet".
        hash = Math.Max(hash, 1);
        if (factHashes[position] == hash) return false;
        factHashes[position] = hash;
        return true;
    }

    /// <summary>Spans of the trace, counted from its first, that were part of what was posted.</summary>
    public int KnownSpans { get; set; }

    /// <summary>Revision of the last facts row; 0 when there is none.</summary>
    public int FactsRevision { get; set; }

    /// <summary>Run that the last segment was posted under; empty before the first.</summary>
    public string RunId { get; set; } = "";

    /// <summary>A segment of that run is in the store.</summary>
    public bool HasRun { get; set; }

    /// <summary>Hash of the last run segment posted; 0 for none.</summary>
    public ulong SegmentHash { get; set; }

    /// <summary>What the store knows of the trace's topics, as of its last settled posting.</summary>
    public TraceTopics Topics { get; set; } = TraceTopics.None;

    /// <summary>The last facts row said that the trace had settled.</summary>
    public bool PostedAsSettled { get; set; }

    /// <summary>Some facts row said so: evidence of final postings may stand.</summary>
    public bool WasSettled { get; set; }

    public long ApproximateBytes => EntryCount * 900L + (revisions?.Count ?? 0) * 64L + factHashes.Length * sizeof(ulong);
}
