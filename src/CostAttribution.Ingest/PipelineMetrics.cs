using System.Collections.Concurrent;

namespace CostAttribution.Ingest;

/// <summary>Counters of the way from journal to store; written by the stages, read by any thread.</summary>
public sealed class PipelineMetrics
{
    private long replayed, unreadable, postings, ledgerRows, spansPosted, retries, postingFailures, lookups, lookupFailures;

    public long SpansReplayedTotal => Interlocked.Read(ref replayed);
    public long RecordsUnreadable => Interlocked.Read(ref unreadable);
    public long PostingsConfirmed => Interlocked.Read(ref postings);
    public long LedgerRowsPosted => Interlocked.Read(ref ledgerRows);

    /// <summary>Spans whose facts the store has confirmed, counted again when a correction writes them again.</summary>
    public long SpanFactsPosted => Interlocked.Read(ref spansPosted);
    public long PostingRetries => Interlocked.Read(ref retries);
    public long PostingsRefused => Interlocked.Read(ref postingFailures);
    public long Lookups => Interlocked.Read(ref lookups);
    public long LookupFailures => Interlocked.Read(ref lookupFailures);

    /// <summary>What keeps postings from the store at the moment; empty when nothing does.</summary>
    public string PostingTrouble
    {
        get => Volatile.Read(ref postingTrouble);
        internal set => Volatile.Write(ref postingTrouble, value);
    }

    private string postingTrouble = "";

    /// <summary>
    /// Postings set aside since the start, by why: <c>table_code</c> with the store's error code, or <c>depends_on_refused</c>.
    /// </summary>
    public IReadOnlyDictionary<string, long> QuarantinedByReason => quarantined;

    // As many as there are tables times error codes that speak of content.
    private readonly ConcurrentDictionary<string, long> quarantined = new(StringComparer.Ordinal);

    /// <summary>Files of refused postings that wait for an operator.</summary>
    public long QuarantinedFiles
    {
        get => Interlocked.Read(ref quarantinedFiles);
        internal set => Interlocked.Exchange(ref quarantinedFiles, value);
    }

    private long quarantinedFiles;

    /// <summary>Traces that the store holds unreadable; what arrived of them waits in files.</summary>
    public long TracesSetAside
    {
        get => Interlocked.Read(ref tracesSetAside);
        internal set => Interlocked.Exchange(ref tracesSetAside, value);
    }

    private long tracesSetAside;

    /// <summary>Why a trace that should be set aside cannot be at the moment; empty when none waits for that.</summary>
    public string SetAsideTrouble
    {
        get => Volatile.Read(ref setAsideTrouble);
        internal set => Volatile.Write(ref setAsideTrouble, value);
    }

    private string setAsideTrouble = "";

    internal void Quarantined(string reason) => quarantined.AddOrUpdate(reason, 1, (_, count) => count + 1);

    internal void SpansReplayed(int count) => Interlocked.Add(ref replayed, count);
    internal void RecordUnreadable() => Interlocked.Increment(ref unreadable);
    internal void Lookup() => Interlocked.Increment(ref lookups);
    internal void LookupFailed() => Interlocked.Increment(ref lookupFailures);
    internal void PostingRetried() => Interlocked.Increment(ref retries);
    internal void PostingRefused() => Interlocked.Increment(ref postingFailures);

    internal void Posted(long rows, long spans)
    {
        Interlocked.Increment(ref postings);
        Interlocked.Add(ref ledgerRows, rows);
        Interlocked.Add(ref spansPosted, spans);
    }
}
