using CostAttribution.Workload.Dialects;

namespace CostAttribution.Workload;

/// <summary>What to simulate. The same options give the same bytes.</summary>
public sealed record WorkloadOptions
{
    public ulong Seed { get; init; } = 20_26;

    /// <summary>When the first request is sent; events lie before or shortly after it. Part of the trace ids.</summary>
    public required DateTimeOffset Start { get; init; }

    /// <summary>Spans after which no further trace begins; those begun are finished, so a little more is sent.</summary>
    public int Spans { get; init; } = 25_000;

    /// <summary>Spans per second that <see cref="ExportRequest.DueAfter"/> is paced for.</summary>
    public int Rate { get; init; } = 420;

    /// <summary>How far back the events reach; the share <see cref="LivePerMille"/> happens when it is sent.</summary>
    public TimeSpan History { get; init; } = TimeSpan.FromDays(14);

    /// <summary>Traces in a thousand that happen now instead of in the past.</summary>
    public int LivePerMille { get; init; } = 300;

    /// <summary>Customers that take part, from the most expensive down; at most <see cref="CustomersMax"/>.</summary>
    public int Customers { get; init; } = CustomersMax;

    /// <summary>Instrumentations that take part. Where one is left out, plain conventions take its place.</summary>
    public DialectSet Dialects { get; init; } = DialectSet.All;

    /// <summary>Largest prompt put on a model call, in bytes; 0 = none.</summary>
    public int ContentBytesMax { get; init; } = 600;

    /// <summary>Requests in a thousand that an exporter sends a second time, as after a lost answer.</summary>
    public int DuplicatePerMille { get; init; } = 15;

    /// <summary>Traces in a thousand whose root span arrives many seconds after its children.</summary>
    public int LateRootPerMille { get; init; } = 40;

    /// <summary>Longest delay of a late root.</summary>
    public TimeSpan LateRootMax { get; init; } = TimeSpan.FromSeconds(12);

    /// <summary>Spans after which an exporter sends without waiting for its interval.</summary>
    public int BatchSpansMax { get; init; } = 256;

    /// <summary>How often each exporter sends what it has.</summary>
    public TimeSpan ExportInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Customers that are defined.</summary>
    public const int CustomersMax = 12;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Spans);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Rate);
        ArgumentOutOfRangeException.ThrowIfNegative(ContentBytesMax);
        ArgumentOutOfRangeException.ThrowIfLessThan(Customers, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Customers, CustomersMax);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(BatchSpansMax);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(ExportInterval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(History, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(LateRootMax, TimeSpan.Zero);
    }
}
