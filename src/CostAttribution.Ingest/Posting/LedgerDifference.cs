using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Tracing;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Ingest.Posting;

/// <summary>
/// Turns "what should stand" and "what stands" into rows: nothing for an unchanged entry, a first posting for a new one, a
/// reversal for one that should be gone, a reversal and a replacement for a changed one. Pure but for the standing record,
/// which it brings up to date.
/// </summary>
internal static class LedgerDifference
{
    /// <summary>
    /// Appends the rows to <paramref name="rows"/>. <paramref name="wanted"/> entries must be distinct by span and cost item;
    /// they become the standing objects. An entry of a span that is not among <paramref name="known"/> (null for all) goes on
    /// standing: nothing can be said about it. Returns whether anything was appended.
    /// </summary>
    public static bool Append(StandingTrace standing, IReadOnlyList<LedgerEntry> wanted, PostingReason reasonForNew,
        PostingReason reasonForChange, List<LedgerEntry> rows, TraceSpans? known = null)
    {
        var before = rows.Count;
        MendHistory(standing, rows);
        foreach (var entry in wanted)
        {
            var key = (entry.SpanId, entry.CostItem);
            if (!standing.Entries.TryGetValue(key, out var old))
            {
                var posted = standing.RevisionOf(key);
                // Part of a correction too: what it takes over was billed elsewhere before, or missing from what was reported.
                if (posted > 0 || reasonForNew == PostingReason.LateSpan) entry.Flags |= SpanFlags.LateCorrection;
                Post(standing, key, entry, posted == 0 ? reasonForNew : reasonForChange, posted + 1, rows);
                continue;
            }
            KeepStandingPrice(old, entry);
            if (LedgerContent.Equal(old, entry)) continue;
            rows.Add(Reverse(old, reasonForChange));
            entry.Flags |= SpanFlags.LateCorrection;
            Post(standing, key, entry, reasonForChange, old.Revision + 1, rows);
        }

        // Every wanted entry stands now; any more are those that should be gone.
        if (standing.Entries.Count == wanted.Count) return rows.Count > before;
        var wantedKeys = wanted.Select(entry => (entry.SpanId, entry.CostItem)).ToHashSet();
        var unwanted = standing.Entries.Where(pair => !wantedKeys.Contains(pair.Key)).OrderBy(pair => pair.Value.EntryId);
        foreach (var gone in unwanted.ToArray())
        {
            if (known is not null && known.Find(gone.Key.SpanId) < 0) continue;
            rows.Add(Reverse(gone.Value, reasonForChange));
            standing.Entries.Remove(gone.Key);
            standing.Revisions[gone.Key] = Math.Max(gone.Value.Revision, standing.RevisionOf(gone.Key));
        }
        return rows.Count > before;
    }

    // What should never have been posted: copies are reversed, and a reversal of nothing gets the entry that it negates.
    private static void MendHistory(StandingTrace standing, List<LedgerEntry> rows)
    {
        foreach (var copy in standing.Surplus ?? []) rows.Add(Reverse(copy, PostingReason.Duplicate));
        foreach (var stray in standing.StrayReversals ?? [])
        {
            var entry = LedgerContent.Copy(stray);
            entry.Revision = stray.Revision;
            entry.EntryId = stray.Corrects;
            entry.EntryKind = KindOf(entry.CostKind);
            entry.Reason = PostingReason.Audit;
            rows.Add(entry);
        }
        standing.Surplus = standing.StrayReversals = null;
    }

    /// <summary>Identity of a row: the same correction made twice has the same id.</summary>
    public static UInt128 EntryIdOf(TraceId traceId, SpanId spanId, string costItem, int revision, int sign)
    {
        const int fixedBytes = TraceId.Bytes + SpanId.Bytes + 5;
        var size = fixedBytes + Encoding.UTF8.GetMaxByteCount(costItem.Length);
        Span<byte> text = size <= 256 ? stackalloc byte[256] : new byte[size];
        traceId.WriteTo(text);
        spanId.WriteTo(text[TraceId.Bytes..]);
        BinaryPrimitives.WriteInt32LittleEndian(text[(TraceId.Bytes + SpanId.Bytes)..], revision);
        text[fixedBytes - 1] = (byte)(sign < 0 ? 1 : 0);
        return XxHash128.HashToUInt128(text[..(fixedBytes + Encoding.UTF8.GetBytes(costItem, text[fixedBytes..]))]);
    }

    /// <summary>Appends a reversal of what stands, and what is to stand instead.</summary>
    public static void Replace(StandingTrace standing, LedgerEntry old, LedgerEntry entry, PostingReason reason,
        List<LedgerEntry> rows)
    {
        rows.Add(Reverse(old, reason));
        Post(standing, (old.SpanId, old.CostItem), entry, reason, old.Revision + 1, rows);
    }

    private static void Post(StandingTrace standing, (SpanId, string) key, LedgerEntry entry, PostingReason reason, int revision,
        List<LedgerEntry> rows)
    {
        entry.Revision = revision;
        entry.EntryId = EntryIdOf(entry.TraceId, entry.SpanId, entry.CostItem, revision, 1);
        entry.Corrects = default;
        entry.EntryKind = KindOf(entry.CostKind);
        entry.Sign = 1;
        entry.Reason = reason;
        standing.Entries[key] = entry;
        rows.Add(entry);
    }

    private static EntryKind KindOf(CostKind kind) => kind switch
    {
        CostKind.Allocation => EntryKind.Allocation,
        CostKind.Adjustment => EntryKind.Adjustment,
        _ => EntryKind.Usage,
    };

    private static LedgerEntry Reverse(LedgerEntry standing, PostingReason reason)
    {
        var reversal = LedgerContent.Copy(standing);
        reversal.Revision = standing.Revision;
        reversal.EntryId = EntryIdOf(standing.TraceId, standing.SpanId, standing.CostItem, standing.Revision, -1);
        reversal.Corrects = standing.EntryId;
        reversal.EntryKind = EntryKind.Reversal;
        reversal.Sign = -1;
        reversal.Reason = reason;
        return reversal;
    }

    // A standing span is costed with the rate book it was posted with, and so keeps its price. Where that book was not kept, the
    // price is copied while the usage is the same. What settles a period has no price of its own: it follows from all usage.
    private static void KeepStandingPrice(LedgerEntry standing, LedgerEntry wanted)
    {
        if (wanted.CostKind == CostKind.Adjustment) return;
        if (standing.RateBookVersion == wanted.RateBookVersion || !LedgerContent.SamePricedUsage(standing, wanted)) return;
        wanted.Cost = standing.Cost;
        wanted.RateBookVersion = standing.RateBookVersion;
        wanted.RetryCost = wanted.CallStatus is CallStatus.Error or CallStatus.Aborted ? wanted.Cost.Cost : Money.Zero;
        wanted.Flags = (wanted.Flags & ~EntryPricing.PriceFlags) | (standing.Flags & EntryPricing.PriceFlags);
    }
}
