using CostAttribution.Domain.Pricing;

namespace CostAttribution.Domain.Usage;

/// <summary>A quantity of one billable unit that is not one of the six token kinds, in the unit's smallest step.</summary>
/// <param name="Unit">A name from <see cref="UsageUnits"/> or one given by a pricing rule.</param>
/// <param name="Quantity">Never negative on usage.</param>
public readonly record struct UnitQuantity(string Unit, long Quantity);

/// <summary>
/// What one call used, in disjoint kinds: no token sits in two of them, and their sum is the provider's billable total.
/// </summary>
public struct UsageVector
{
    /// <summary>Text input neither read from nor written to the cache.</summary>
    public long InputTokens;
    public long CacheReadTokens;

    /// <summary>Written with a five-minute or an unknown time to live.</summary>
    public long CacheWriteTokens;
    public long CacheWrite1hTokens;

    /// <summary>Output without reasoning, audio and images.</summary>
    public long OutputTokens;
    public long ReasoningTokens;

    /// <summary>Other units, ordered by name, each once; null when there are none.</summary>
    public UnitQuantity[]? OtherUnits;

    /// <summary>Everything on the input side: what a context threshold is compared with.</summary>
    public readonly long InputTotal
    {
        get
        {
            var total = InputTokens + CacheReadTokens + CacheWriteTokens + CacheWrite1hTokens;
            foreach (var (unit, quantity) in OtherUnits ?? [])
            {
                if (RateUnits.IsOtherInput(unit)) total += quantity;
            }
            return total;
        }
    }

    /// <summary>A quantity of one unit and nothing else.</summary>
    public static UsageVector Of(string unit, long quantity) => unit switch
    {
        UsageUnits.InputTokens => new UsageVector { InputTokens = quantity },
        UsageUnits.CacheReadTokens => new UsageVector { CacheReadTokens = quantity },
        UsageUnits.CacheWriteTokens => new UsageVector { CacheWriteTokens = quantity },
        UsageUnits.CacheWrite1hTokens => new UsageVector { CacheWrite1hTokens = quantity },
        UsageUnits.OutputTokens => new UsageVector { OutputTokens = quantity },
        UsageUnits.ReasoningTokens => new UsageVector { ReasoningTokens = quantity },
        _ => new UsageVector { OtherUnits = [new UnitQuantity(unit, quantity)] },
    };

    public readonly bool IsZero =>
        (InputTokens | CacheReadTokens | CacheWriteTokens | CacheWrite1hTokens | OutputTokens | ReasoningTokens) == 0
        && (OtherUnits is null || Array.TrueForAll(OtherUnits, unit => unit.Quantity == 0));
}
