using CostAttribution.ClickHouse.Facts;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Tracing;
using CostAttribution.Ingest.Posting;
using Microsoft.Extensions.Logging;

namespace CostAttribution.Ingest.Assembly;

/// <summary>The store's answer to one look-up.</summary>
/// <param name="Asked">The traces that were asked about.</param>
/// <param name="Answered">False when the store could not be asked; nothing is known then.</param>
/// <param name="Traces">Those the store has.</param>
/// <param name="Unreadable">Those it has in a form this program cannot read: they wait, and nothing is posted for them.</param>
/// <param name="Links">Owners of the linked spans that were asked about.</param>
internal sealed record LoadAnswer(IReadOnlyList<TraceId> Asked, bool Answered, IReadOnlyDictionary<TraceId, StoredTrace> Traces,
    IReadOnlySet<TraceId> Unreadable, IReadOnlyList<StoredSpanOwner> Links);

/// <summary>Loads the facts and standing entries of traces that may have been posted before.</summary>
internal sealed class TraceLoader(LedgerReader reader, AttributeKeyTable keys, PipelineMetrics metrics, ILogger logger)
{
    /// <summary>
    /// Asks about traces and linked spans. Never throws for a store that is away, but says so; it is for the caller to wait
    /// before asking again. Completes synchronously when the store does.
    /// </summary>
    public async Task<LoadAnswer> LoadAsync(IReadOnlyList<TraceId> ids, IReadOnlyList<(TraceId TraceId, SpanId SpanId)> links)
    {
        metrics.Lookup();
        try
        {
            var owners = await reader.LoadSpanOwnersAsync(links, CancellationToken.None).ConfigureAwait(false);
            var facts = await reader.LoadFactsAsync(ids, CancellationToken.None).ConfigureAwait(false);
            var found = facts.GroupBy(row => row.TraceId)
                .ToDictionary(group => group.Key, group => group.OrderBy(row => row.Revision).ToArray());
            var ledger = found.Count == 0
                ? new LedgerHistory([], new Dictionary<LedgerKey, int>(), [])
                : await reader.LoadLedgerAsync([.. found.Keys], CancellationToken.None).ConfigureAwait(false);
            var (traces, unreadable) = RebuildAll(found, ledger);
            foreach (var copy in ledger.Surplus)
            {
                if (traces.TryGetValue(copy.TraceId, out var trace)) (trace.Standing.Surplus ??= []).Add(copy);
            }
            foreach (var stray in ledger.StrayReversals)
            {
                if (traces.TryGetValue(stray.TraceId, out var trace)) (trace.Standing.StrayReversals ??= []).Add(stray);
            }
            return new LoadAnswer(ids, true, traces, unreadable, owners);
        }
        catch (Exception fault) when (fault is StoreUnavailableException or ClickHouseException)
        {
            metrics.LookupFailed();
            PipelineLog.LookupFailed(logger, ids.Count + links.Count, fault.Message);
            return new LoadAnswer(ids, false, new Dictionary<TraceId, StoredTrace>(), new HashSet<TraceId>(), []);
        }
    }

    private (Dictionary<TraceId, StoredTrace> Traces, HashSet<TraceId> Unreadable) RebuildAll(
        Dictionary<TraceId, StoredFacts[]> found, LedgerHistory ledger)
    {
        var standing = ledger.Standing.ToLookup(entry => entry.TraceId);
        var revisions = ledger.RevisionMax.ToLookup(pair => pair.Key.TraceId);
        var traces = new Dictionary<TraceId, StoredTrace>();
        var unreadable = new HashSet<TraceId>();
        foreach (var (id, facts) in found)
        {
            try
            {
                traces[id] = Rebuild(facts, standing[id], revisions[id]);
            }
            catch (InvalidDataException fault)
            {
                unreadable.Add(id);
                PipelineLog.FactsUnreadable(logger, id.ToString(), fault.Message);
            }
        }
        return (traces, unreadable);
    }

    private StoredTrace Rebuild(StoredFacts[] facts, IEnumerable<Domain.Ledger.LedgerEntry> standing,
        IEnumerable<KeyValuePair<LedgerKey, int>> revisions)
    {
        var newest = facts[^1];
        var rebuilt = new StandingTrace
        {
            FactsRevision = newest.Revision, PostedAsSettled = newest.Settled, WasSettled = facts.Any(row => row.Settled),
            RunId = newest.RunId,
        };
        foreach (var entry in standing) rebuilt.Entries[(entry.SpanId, entry.CostItem)] = entry;
        foreach (var (key, revision) in revisions) rebuilt.Revisions[(key.SpanId, key.CostItem)] = revision;
        var context = newest.Context.IsEmpty ? TraceContext.Empty : TraceContextCodec.Decode(newest.Context.Span);
        return new StoredTrace([.. facts.Where(row => !row.Blob.IsEmpty).Select(row => SpanBatch.Decode(row.Blob.Span, keys))],
            rebuilt, context);
    }
}
