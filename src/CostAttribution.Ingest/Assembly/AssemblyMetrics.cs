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
}

/// <summary>Counters of assembly; written by one thread, read by any.</summary>
public sealed class AssemblyMetrics
{
    private readonly long[] reasons = new long[Enum.GetValues<AssemblyReason>().Length];
    private long spans, openTraces, openBytes, loaded;

    public long SpansTotal => Interlocked.Read(ref spans);
    public long OpenTraces => Interlocked.Read(ref openTraces);
    public long OpenTraceBytes => Interlocked.Read(ref openBytes);
    public long TracesLoaded => Interlocked.Read(ref loaded);

    public long CountOf(AssemblyReason reason) => Interlocked.Read(ref reasons[(int)reason]);

    internal void SpansAssembled(int count) => Interlocked.Add(ref spans, count);
    internal void Count(AssemblyReason reason) => Interlocked.Increment(ref reasons[(int)reason]);
    internal void TraceLoaded() => Interlocked.Increment(ref loaded);

    internal void Observe(int traces, long bytes)
    {
        Interlocked.Exchange(ref openTraces, traces);
        Interlocked.Exchange(ref openBytes, bytes);
    }
}
