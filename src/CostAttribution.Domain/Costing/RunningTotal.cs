using System.Globalization;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Domain.Costing;

/// <summary>What an agent had used by the end of one invocation, as its container says. All counts are tokens.</summary>
internal readonly record struct RunningTotal(long Input, long CacheRead, long CacheWrite, long CacheWrite1h, long Output,
    long Reasoning)
{
    internal const int Parts = 6;

    public RunningTotal(in UsageVector usage)
        : this(usage.InputTokens, usage.CacheReadTokens, usage.CacheWriteTokens, usage.CacheWrite1hTokens, usage.OutputTokens,
            usage.ReasoningTokens)
    {
    }

    public RunningTotal(ReadOnlySpan<long> counts)
        : this(counts[0], counts[1], counts[2], counts[3], counts[4], counts[5])
    {
    }

    /// <summary>All tokens; each count is at most 10^12 (docs/dialects.md, "Values").</summary>
    public long Sum => Input + CacheRead + CacheWrite + CacheWrite1h + Output + Reasoning;

    /// <summary>Whether it can be the same agent's, later: nothing fell.</summary>
    public bool Continues(in RunningTotal before) => Input >= before.Input && CacheRead >= before.CacheRead
        && CacheWrite >= before.CacheWrite && CacheWrite1h >= before.CacheWrite1h && Output >= before.Output
        && Reasoning >= before.Reasoning;

    public UsageVector Since(in RunningTotal before) => new()
    {
        InputTokens = Input - before.Input,
        CacheReadTokens = CacheRead - before.CacheRead,
        CacheWriteTokens = CacheWrite - before.CacheWrite,
        CacheWrite1hTokens = CacheWrite1h - before.CacheWrite1h,
        OutputTokens = Output - before.Output,
        ReasoningTokens = Reasoning - before.Reasoning,
    };

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Input} {CacheRead} {CacheWrite} {CacheWrite1h} {Output} {Reasoning}");
}
