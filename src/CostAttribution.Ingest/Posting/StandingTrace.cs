using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;

namespace CostAttribution.Ingest.Posting;

/// <summary>What stands in the ledger for one trace, as of the last posting handed over.</summary>
internal sealed class StandingTrace
{
    /// <summary>Standing entries by what they are for.</summary>
    public Dictionary<(SpanId SpanId, string CostItem), LedgerEntry> Entries { get; } = [];

    /// <summary>Highest revision ever posted for a (span, cost item), standing or reversed.</summary>
    public Dictionary<(SpanId SpanId, string CostItem), int> Revisions { get; } = [];

    /// <summary>What the facts last said about a span, as a hash: an unchanged span is not written again.</summary>
    public Dictionary<SpanId, ulong> FactHashes { get; } = [];

    /// <summary>Revision of the last facts row; 0 when there is none.</summary>
    public int FactsRevision { get; set; }

    /// <summary>Run that the last segment was posted under; empty before the first.</summary>
    public string RunId { get; set; } = "";

    /// <summary>Hash of the last run segment posted.</summary>
    public ulong SegmentHash { get; set; }

    /// <summary>The last facts row said that the trace had settled.</summary>
    public bool PostedAsSettled { get; set; }

    public long ApproximateBytes => Entries.Count * 900L + (Revisions.Count + FactHashes.Count) * 64L;
}
