using CostAttribution.Domain.Usage;

namespace CostAttribution.Domain.Costing;

/// <summary>Token sums over calls, and the totals that a container without a breakdown is compared with.</summary>
internal struct UsageSum
{
    public long Input, CacheRead, CacheWrite, CacheWrite1h, Output, Reasoning;
    public long InputTotal, OutputTotal;

    /// <summary>No kind is negative and at least one is positive.</summary>
    public readonly bool IsGain =>
        (Input | CacheRead | CacheWrite | CacheWrite1h | Output | Reasoning) > 0 && Input >= 0 && CacheRead >= 0
            && CacheWrite >= 0
        && CacheWrite1h >= 0 && Output >= 0 && Reasoning >= 0;

    public void Add(in ReportedUsage usage)
    {
        Input += usage.Vector.InputTokens;
        CacheRead += usage.Vector.CacheReadTokens;
        CacheWrite += usage.Vector.CacheWriteTokens;
        CacheWrite1h += usage.Vector.CacheWrite1hTokens;
        Output += usage.Vector.OutputTokens;
        Reasoning += usage.Vector.ReasoningTokens;
        InputTotal += usage.InputTotal;
        OutputTotal += usage.OutputTotal;
    }

    public void Add(in UsageSum other)
    {
        Input += other.Input;
        CacheRead += other.CacheRead;
        CacheWrite += other.CacheWrite;
        CacheWrite1h += other.CacheWrite1h;
        Output += other.Output;
        Reasoning += other.Reasoning;
        InputTotal += other.InputTotal;
        OutputTotal += other.OutputTotal;
    }

    /// <summary>
    /// What a container reports beyond <paramref name="billed"/>. Where it does not break a total down, only the total is
    /// compared: a missing detail is no negative surplus.
    /// </summary>
    public static UsageSum Surplus(in ReportedUsage reported, in UsageSum billed)
    {
        var surplus = new UsageSum
        {
            InputTotal = reported.InputTotal - billed.InputTotal,
            OutputTotal = reported.OutputTotal - billed.OutputTotal,
        };
        ref readonly var vector = ref reported.Vector;
        if ((reported.Parts & (UsageParts.CacheRead | UsageParts.CacheWrite)) == 0)
        {
            surplus.Input = surplus.InputTotal;
        }
        else
        {
            surplus.Input = vector.InputTokens - billed.Input;
            surplus.CacheRead = vector.CacheReadTokens - billed.CacheRead;
            var split = (reported.Parts & UsageParts.TtlSplit) != 0;
            surplus.CacheWrite1h = split ? vector.CacheWrite1hTokens - billed.CacheWrite1h : 0;
            surplus.CacheWrite = vector.CacheWriteTokens - billed.CacheWrite - (split ? 0 : billed.CacheWrite1h);
        }
        if ((reported.Parts & UsageParts.Reasoning) == 0)
        {
            surplus.Output = surplus.OutputTotal;
        }
        else
        {
            surplus.Output = vector.OutputTokens - billed.Output;
            surplus.Reasoning = vector.ReasoningTokens - billed.Reasoning;
        }
        return surplus;
    }

    public readonly UsageVector ToVector() => new()
    {
        InputTokens = Input,
        CacheReadTokens = CacheRead,
        CacheWriteTokens = CacheWrite,
        CacheWrite1hTokens = CacheWrite1h,
        OutputTokens = Output,
        ReasoningTokens = Reasoning,
    };
}
