using CostAttribution.Domain.Pricing;

namespace CostAttribution.Domain.Usage;

/// <summary>Which parts of a usage vector a span carries, whatever their value.</summary>
[Flags]
internal enum UsageParts : ushort
{
    None = 0,
    Input = 1 << 0,
    Output = 1 << 1,
    CacheRead = 1 << 2,
    CacheWrite = 1 << 3,
    TtlSplit = 1 << 4,
    Reasoning = 1 << 5,
    Compaction = 1 << 6,
    Modality = 1 << 7,
    OtherUnits = 1 << 8,
}

/// <summary>
/// One span's own usage after normalisation, with what is needed to compare it with other reports of the same call.
/// </summary>
internal struct ReportedUsage
{
    public UsageVector Vector;
    public UsageParts Parts;

    /// <summary>The input as the span had it, cache rule not yet applied; −1 when absent.</summary>
    public long RawInput;
    public long InputTotal;
    public long OutputTotal;
    public Money? Cost;

    /// <summary>Whether any quantity is there and not all are zero.</summary>
    public readonly bool HasUsage => Parts != UsageParts.None && !Vector.IsZero;
}
