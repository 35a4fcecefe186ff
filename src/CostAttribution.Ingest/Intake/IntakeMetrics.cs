using CostAttribution.Otlp;

namespace CostAttribution.Ingest.Intake;

/// <summary>Why a whole request was not taken. The names are shown and stored: append only.</summary>
public enum RefusalReason : byte
{
    None = 0,
    Malformed = 1,
    TooLarge = 2,
    TooManySpans = 3,
    TooManyRequests = 4,
    BodiesOverLimit = 5,
    PushedBack = 6,
    Unavailable = 7,
    DeadlineExceeded = 8,
    UnsupportedEncoding = 9,
    UnsupportedMediaType = 10,
    OtherSignal = 11,
    OtherMethod = 12,
    MessageCount = 13,
    Aborted = 14,
    Internal = 15,
}

/// <summary>The counters at one moment; every number counts from the start of the process.</summary>
public sealed record IntakeSnapshot(
    long Requests, long RequestBytes, long SpansAccepted, long DecodeFaults, long RequestsInWork, long BodyBytesInFlight,
    IReadOnlyDictionary<string, long> SpansRejected, IReadOnlyDictionary<string, long> Refusals);

/// <summary>Counters of the OTLP ports. Thread-safe.</summary>
public sealed class IntakeMetrics
{
    private static readonly string[] RefusalNames =
        ["none", "malformed", "too_large", "too_many_spans", "too_many_requests", "bodies_over_limit", "pushed_back",
         "unavailable", "deadline_exceeded", "unsupported_encoding", "unsupported_media_type", "other_signal", "other_method",
         "message_count", "aborted", "internal"];

    private readonly long[] refusals = new long[RefusalNames.Length];
    private readonly long[] rejections = new long[RejectedSpanCounts.Reasons.Length];
    private long requests, requestBytes, spansAccepted, decodeFaults, inWork, bodyBytes;

    public static string NameOf(RefusalReason reason) => RefusalNames[(int)reason];

    /// <summary>Accepted spans, including those a sender repeats.</summary>
    public long SpansAccepted => Interlocked.Read(ref spansAccepted);

    public IntakeSnapshot Snapshot()
    {
        var spansRejected = new Dictionary<string, long>();
        foreach (var reason in RejectedSpanCounts.Reasons)
            spansRejected[RejectedSpanCounts.NameOf(reason)] = Interlocked.Read(ref rejections[(int)reason]);
        var refused = new Dictionary<string, long>();
        for (var i = 1; i < refusals.Length; i++) refused[RefusalNames[i]] = Interlocked.Read(ref refusals[i]);
        return new IntakeSnapshot(Interlocked.Read(ref requests), Interlocked.Read(ref requestBytes), SpansAccepted,
            Interlocked.Read(ref decodeFaults), Interlocked.Read(ref inWork), Interlocked.Read(ref bodyBytes), spansRejected,
            refused);
    }

    internal void Refused(RefusalReason reason) => Interlocked.Increment(ref refusals[(int)reason]);
    internal void DecodeFault() => Interlocked.Increment(ref decodeFaults);

    /// <summary>Counts rejected spans of a request whose other spans were accepted.</summary>
    internal void Accepted(int spans, int bytes, in RejectedSpanCounts rejected)
    {
        Interlocked.Add(ref spansAccepted, spans);
        Interlocked.Add(ref requestBytes, bytes);
        if (rejected.Total == 0) return;
        foreach (var reason in RejectedSpanCounts.Reasons) Interlocked.Add(ref rejections[(int)reason], rejected[reason]);
    }

    internal bool TryBegin(int requestsMax)
    {
        Interlocked.Increment(ref requests);
        if (Interlocked.Increment(ref inWork) <= requestsMax) return true;
        Interlocked.Decrement(ref inWork);
        return false;
    }

    internal void End() => Interlocked.Decrement(ref inWork);

    internal bool TryReserve(long bytes, long bytesMax)
    {
        if (Interlocked.Add(ref bodyBytes, bytes) <= bytesMax) return true;
        Interlocked.Add(ref bodyBytes, -bytes);
        return false;
    }

    internal void Release(long bytes) => Interlocked.Add(ref bodyBytes, -bytes);
}
