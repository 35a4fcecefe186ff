using CostAttribution.ClickHouse.Facts;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Topics;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Tracing;
using CostAttribution.Ingest.Costing;
using CostAttribution.Ingest.Posting;
using Microsoft.Extensions.Logging;

namespace CostAttribution.Ingest.Assembly;

/// <summary>Loads the facts and standing entries of traces that may have been posted before.</summary>
internal sealed class TraceLoader(LedgerReader reader, TopicReader topics, SnapshotShelf shelf, AttributeKeyTable keys,
    PipelineMetrics metrics, ILogger logger)
{
    /// <summary>
    /// Asks the store. Never throws for a store that is away, but says so; it is for the caller to wait before asking again.
    /// Completes synchronously when the store does.
    /// </summary>
    public async Task<LoadAnswer> LoadAsync(StoreQuestions questions)
    {
        metrics.Lookup();
        var none = CancellationToken.None;
        try
        {
            var owners = await reader.LoadSpanOwnersAsync(questions.Links, none).ConfigureAwait(false);
            var told = await topics.LoadAsync(questions.Topics, none).ConfigureAwait(false);
            var facts = await reader.LoadFactsAsync(questions.Traces, none).ConfigureAwait(false);
            var askers = await topics.LoadAskersAsync(questions.Traces, none).ConfigureAwait(false);
            // Also of traces without facts: the ledger is written first, and a posting may have been cut off behind it.
            var ledger = await reader.LoadLedgerAsync(questions.Traces, none).ConfigureAwait(false);
            var versions = ledger.Standing.Select(entry => new PairKey(entry.RateBookVersion, entry.AttributionVersion));
            var pairs = await shelf.FetchAsync(versions.ToHashSet(), none).ConfigureAwait(false);
            var (traces, unreadable) = RebuildAll(facts, ledger, pairs);
            foreach (var copy in ledger.Surplus)
            {
                if (traces.TryGetValue(copy.TraceId, out var trace)) (trace.Standing.Surplus ??= []).Add(copy);
            }
            foreach (var stray in ledger.StrayReversals)
            {
                if (traces.TryGetValue(stray.TraceId, out var trace)) (trace.Standing.StrayReversals ??= []).Add(stray);
            }
            foreach (var had in (await topics.LoadOfTracesAsync([.. traces.Keys], none).ConfigureAwait(false))
                .GroupBy(history => history.Newest.Trace))
                traces[had.Key] = traces[had.Key] with { Topics = [.. had] };
            return new LoadAnswer(questions, true, traces, unreadable, owners, [.. told, .. askers]);
        }
        catch (Exception fault) when (fault is StoreUnavailableException or ClickHouseException or InvalidDataException)
        {
            // An answer that makes no sense as a whole is not about single traces.
            metrics.LookupFailed();
            PipelineLog.LookupFailed(logger, questions.Count, fault.Message);
            return LoadAnswer.None(questions);
        }
    }

    private (Dictionary<TraceId, StoredTrace> Traces, Dictionary<TraceId, string> Unreadable) RebuildAll(
        IReadOnlyList<StoredFacts> facts, LedgerHistory ledger, IReadOnlyDictionary<PairKey, KeptPair> pairs)
    {
        var revised = facts.ToLookup(row => row.TraceId);
        var standing = ledger.Standing.ToLookup(entry => entry.TraceId);
        var revisions = ledger.RevisionMax.ToLookup(pair => pair.Key.TraceId);
        var traces = new Dictionary<TraceId, StoredTrace>();
        var unreadable = new Dictionary<TraceId, string>(ledger.Unreadable);
        foreach (var id in facts.Select(row => row.TraceId).Concat(ledger.RevisionMax.Keys.Select(key => key.TraceId)).Distinct())
        {
            if (unreadable.ContainsKey(id)) continue;
            try
            {
                StoredFacts[] rows = [.. revised[id].OrderBy(row => row.Revision)];
                traces[id] = rows.Length > 0 ? Rebuild(rows, standing[id], revisions[id], pairs)
                    : RebuildFromLedger(standing[id], revisions[id], pairs);
            }
            catch (InvalidDataException fault)
            {
                unreadable[id] = fault.Message;
            }
        }
        return (traces, unreadable);
    }

    /// <summary>Ledger rows whose facts never came: they stand, and the trace has not settled yet.</summary>
    private static StoredTrace RebuildFromLedger(IEnumerable<LedgerEntry> standing,
        IEnumerable<KeyValuePair<LedgerKey, int>> revisions, IReadOnlyDictionary<PairKey, KeptPair> pairs)
    {
        // A run segment may have come; the next one must be newer.
        var rebuilt = new StandingTrace { FactsRevision = 1 };
        Fill(rebuilt, standing, revisions, pairs);
        return new StoredTrace([], rebuilt, TraceContext.Empty) { WasCutOff = true };
    }

    private StoredTrace Rebuild(StoredFacts[] facts, IEnumerable<LedgerEntry> standing,
        IEnumerable<KeyValuePair<LedgerKey, int>> revisions, IReadOnlyDictionary<PairKey, KeptPair> pairs)
    {
        var newest = facts[^1];
        var rebuilt = new StandingTrace
        {
            PostedAsSettled = newest.Settled, WasSettled = facts.Any(row => row.Settled), RunId = newest.RunId,
        };
        Fill(rebuilt, standing, revisions, pairs);
        // A posting that was cut off behind the ledger may have left a run segment, which the next one must supersede.
        var wasCutOff = rebuilt.Entries.Values.Any(entry => facts.All(row => row.PostingId != entry.PostingId));
        rebuilt.FactsRevision = newest.Revision + (wasCutOff ? 1 : 0);
        var context = newest.Context.IsEmpty ? TraceContext.Empty : TraceContextCodec.Decode(newest.Context.Span, newest.RunId);
        return new StoredTrace([.. facts.Where(row => !row.Blob.IsEmpty).Select(row => SpanBatch.Decode(row.Blob.Span, keys))],
            rebuilt, context) { WasCutOff = wasCutOff };
    }

    private static void Fill(StandingTrace rebuilt, IEnumerable<LedgerEntry> standing,
        IEnumerable<KeyValuePair<LedgerKey, int>> revisions, IReadOnlyDictionary<PairKey, KeptPair> pairs)
    {
        foreach (var entry in standing)
        {
            rebuilt.Entries[(entry.SpanId, entry.CostItem)] = entry;
            rebuilt.Hold(pairs[new PairKey(entry.RateBookVersion, entry.AttributionVersion)]);
        }
        foreach (var (key, revision) in revisions)
        {
            rebuilt.Revisions[(key.SpanId, key.CostItem)] = revision;
            rebuilt.HasRun = true;
        }
    }
}
