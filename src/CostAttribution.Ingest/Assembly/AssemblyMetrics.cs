using CostAttribution.Domain.Tracing;

namespace CostAttribution.Ingest.Assembly;

/// <summary>Something worth counting about traces on their way through assembly; shown by name in <c>/pipeline</c>.</summary>
public enum AssemblyReason : byte
{
    DuplicateSpan = 0,
    LateSpan = 1,
    IdleIncomplete = 2,
    PressureEviction = 3,
    TraceOverLimit = 4,
    ProvisionalPosting = 5,
    CostlessSpilled = 6,

    /// <summary>Rows were corrected whose rate book or attribution rules were not kept.</summary>
    SnapshotMissing = 7,

    /// <summary>The store held a trace in a form that cannot be read; what arrived of it went to a file.</summary>
    TraceSetAside = 8,
}

/// <summary>A limit on one span that the decoder applied.</summary>
public enum SpanLimit : byte { Attributes = 0, Links = 1, Value = 2 }

/// <summary>Counters of assembly; written by one thread, read by any.</summary>
public sealed class AssemblyMetrics
{
    private static readonly string[] Names =
        ["duplicate_span", "late_span", "idle_incomplete", "pressure_eviction", "trace_over_limit", "provisional_posting",
         "costless_spilled", "snapshot_missing", "trace_set_aside"];

    private readonly long[] limits = new long[Enum.GetValues<SpanLimit>().Length];
    private readonly long[] reasons = new long[Enum.GetValues<AssemblyReason>().Length];
    private long spans, openTraces, openBytes, openSpans, oldestMillis, loaded, observations;

    public long SpansTotal => Interlocked.Read(ref spans);
    public long OpenTraces => Interlocked.Read(ref openTraces);
    /// <summary>Spans in traces that have not settled.</summary>
    public long OpenSpans => Interlocked.Read(ref openSpans);

    /// <summary>How long the oldest usage that is not posted has waited, in seconds; 0 when none waits.</summary>
    public double OldestUnpostedSeconds => Interlocked.Read(ref oldestMillis) / 1000.0;

    public long OpenTraceBytes => Interlocked.Read(ref openBytes);
    /// <summary>How often what is open has been counted; figures of one that began later than an event know of it.</summary>
    public long Observations => Interlocked.Read(ref observations);

    public long TracesLoaded => Interlocked.Read(ref loaded);

    public long CountOf(AssemblyReason reason) => Interlocked.Read(ref reasons[(int)reason]);

    /// <summary>Spans that met a limit of the decoder.</summary>
    public long SpansWith(SpanLimit limit) => Interlocked.Read(ref limits[(int)limit]);

    /// <summary>Name of a reason as <c>/pipeline</c> shows it.</summary>
    public static string NameOf(AssemblyReason reason) => Names[(int)reason];

    internal void Count(SpanRecordFlags flags)
    {
        if ((flags & SpanRecordFlags.AttributesOverLimit) != 0) Interlocked.Increment(ref limits[(int)SpanLimit.Attributes]);
        if ((flags & SpanRecordFlags.LinksOverLimit) != 0) Interlocked.Increment(ref limits[(int)SpanLimit.Links]);
        if ((flags & SpanRecordFlags.ValueTruncated) != 0) Interlocked.Increment(ref limits[(int)SpanLimit.Value]);
    }

    internal void SpansAssembled(int count) => Interlocked.Add(ref spans, count);
    internal void Count(AssemblyReason reason) => Interlocked.Increment(ref reasons[(int)reason]);
    internal void TraceLoaded() => Interlocked.Increment(ref loaded);

    internal void Observe(int traces, long bytes, long spansOpen, long oldestUnpostedMillis)
    {
        Interlocked.Exchange(ref openSpans, spansOpen);
        Interlocked.Exchange(ref oldestMillis, oldestUnpostedMillis);
        Interlocked.Exchange(ref openTraces, traces);
        Interlocked.Exchange(ref openBytes, bytes);
        Interlocked.Increment(ref observations);
    }
}
