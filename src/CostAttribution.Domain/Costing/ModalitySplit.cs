using CostAttribution.Domain.Usage;

namespace CostAttribution.Domain.Costing;

/// <summary>
/// Lays what one report of a call knows more finely over what another counted as one: cache, reasoning, audio, images. The total
/// of a side stays what it is: what moves into a finer kind leaves the text. Where the text would not suffice, nothing moves.
/// </summary>
internal static class ModalitySplit
{
    private static readonly string[] Inputs =
        [UsageUnits.AudioInputTokens, UsageUnits.ImageInputTokens, UsageUnits.VideoInputTokens];

    private static readonly string[] Outputs = [UsageUnits.AudioOutputTokens, UsageUnits.ImageOutputTokens];

    /// <summary>The input of a report that has none.</summary>
    public static void TakeInput(ref UsageVector usage, in UsageVector from)
    {
        usage.InputTokens = from.InputTokens;
        usage.CacheReadTokens = from.CacheReadTokens;
        TakeParts(ref usage, from, Inputs);
    }

    /// <summary>The output of a report that has none.</summary>
    public static void TakeOutput(ref UsageVector usage, in UsageVector from)
    {
        usage.OutputTokens = from.OutputTokens;
        usage.ReasoningTokens = from.ReasoningTokens;
        TakeParts(ref usage, from, Outputs);
    }

    /// <summary>
    /// Cache reads of an input that is counted whole; its writes are the caller's. False, and nothing is changed, when the text
    /// would not suffice.
    /// </summary>
    public static bool TryTakeCacheRead(ref UsageVector usage, in UsageVector from, ref SpanFlags flags)
    {
        if (!TryText(usage, from, from.InputTokens, Inputs, out var text, out var mixed)) return false;
        if (mixed && from.CacheReadTokens > 0) flags |= SpanFlags.CacheReadUnallocated;
        usage.InputTokens = text;
        usage.CacheReadTokens = from.CacheReadTokens;
        if (!mixed) TakeParts(ref usage, from, Inputs);
        return true;
    }

    /// <summary>Reasoning of an output counted whole; false, and nothing is changed, when the text does not suffice.</summary>
    public static bool TryTakeReasoning(ref UsageVector usage, in UsageVector from)
    {
        if (!TryText(usage, from, from.OutputTokens, Outputs, out var text, out var mixed)) return false;
        usage.OutputTokens = text;
        usage.ReasoningTokens = from.ReasoningTokens;
        if (!mixed) TakeParts(ref usage, from, Outputs);
        return true;
    }

    /// <summary>Audio, image and video out of an input whose report tells none.</summary>
    public static void TryTakeInputParts(ref UsageVector usage, in UsageVector from, ref SpanFlags flags)
    {
        var parts = Sum(from, Inputs);
        if (parts == 0 || Sum(usage, Inputs) > 0 || parts > usage.InputTokens) return;
        if (usage.CacheReadTokens > from.CacheReadTokens) flags |= SpanFlags.CacheReadUnallocated;
        usage.InputTokens -= parts;
        TakeParts(ref usage, from, Inputs);
    }

    /// <summary>Audio and images out of an output whose report tells none.</summary>
    public static void TryTakeOutputParts(ref UsageVector usage, in UsageVector from)
    {
        var parts = Sum(from, Outputs);
        if (parts == 0 || Sum(usage, Outputs) > 0 || parts > usage.OutputTokens) return;
        usage.OutputTokens -= parts;
        TakeParts(ref usage, from, Outputs);
    }

    // The text that is left once the finer report's kinds and the parts of the other are out. Mixed: the parts stay as they are.
    private static bool TryText(in UsageVector usage, in UsageVector from, long told, string[] units, out long text,
        out bool mixed)
    {
        var (own, others) = (Sum(usage, units), Sum(from, units));
        mixed = own > 0;
        text = mixed ? told + others - own : told;
        return text >= 0;
    }

    private static long Sum(in UsageVector usage, string[] units)
    {
        long sum = 0;
        foreach (var (unit, quantity) in usage.OtherUnits ?? [])
        {
            if (Array.IndexOf(units, unit) >= 0) sum += quantity;
        }
        return sum;
    }

    // Never in place: the array is that of the span.
    private static void TakeParts(ref UsageVector usage, in UsageVector from, string[] units)
    {
        if (Sum(usage, units) == 0 && Sum(from, units) == 0) return;
        var kept = Array.FindAll(usage.OtherUnits ?? [], unit => Array.IndexOf(units, unit.Unit) < 0);
        foreach (var (unit, quantity) in from.OtherUnits ?? [])
        {
            if (Array.IndexOf(units, unit) >= 0) kept = UsageUnits.With(kept, unit, quantity);
        }
        usage.OtherUnits = kept.Length > 0 ? kept : null;
    }
}
