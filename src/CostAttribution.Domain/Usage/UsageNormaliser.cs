using CostAttribution.Domain.Tracing;
using CostAttribution.Domain.Usage.Dialects;

namespace CostAttribution.Domain.Usage;

/// <summary>
/// Turns what a span reports into disjoint kinds: decides whether cached tokens are in the input (docs/dialects.md §10.4),
/// takes reasoning and modalities out of the totals (§10.5). Quantities are bounded by the parser, so sums cannot overflow.
/// </summary>
internal static class UsageNormaliser
{
    public static void Normalise(SpanReading reading, ScopeInfo scope, string spanName, ProviderClass provider,
        ref ReportedUsage usage, ref SpanFlags flags)
    {
        usage = default;
        usage.RawInput = -1;
        usage.Cost = reading.Cost;
        var raw = RawCounts.Of(reading);
        if (raw.HasInput) usage.Parts |= UsageParts.Input;
        if (raw.HasOutput) usage.Parts |= UsageParts.Output;
        if (raw.HasCacheRead) usage.Parts |= UsageParts.CacheRead;
        if (raw.HasCacheWrite) usage.Parts |= UsageParts.CacheWrite;
        if (raw.HasReasoning) usage.Parts |= UsageParts.Reasoning;
        if (raw.HasInput) usage.RawInput = raw.Input;

        var question = new CountingQuestion(provider, scope, spanName, reading, raw);
        var exclusive = IsExclusive(reading, question, ref flags);
        var toolPrompt = ToolPromptBeside(reading, raw, ref flags);
        SetInput(reading, raw, exclusive, toolPrompt, ref usage, ref flags);
        SetOutput(reading, question, exclusive, toolPrompt, ref usage, ref flags);
        SetUnits(reading, ref usage);

        var vector = usage.Vector;
        usage.InputTotal = vector.InputTotal;
        usage.OutputTotal = vector.OutputTokens + vector.ReasoningTokens + Quantity(vector, UsageUnits.AudioOutputTokens)
            + Quantity(vector, UsageUnits.ImageOutputTokens);
        if ((reading.Traits & SpanTraits.Estimated) != 0 && usage.HasUsage) flags |= SpanFlags.EstimatedTokens;
        // Embeddings and reranking have no parts that could be hidden.
        if (raw.HasOutput && usage.HasUsage) flags |= Hidden(reading.Dialect.Hides(question), raw);
        if (usage.Cost is { IsZero: true })
        {
            // 0 is what some senders write for models they do not know.
            usage.Cost = null;
            if (!vector.IsZero) flags |= SpanFlags.ZeroCostUnknown;
        }
    }

    private static SpanFlags Hidden(HiddenParts hidden, in RawCounts raw)
    {
        var flags = SpanFlags.None;
        if ((hidden & HiddenParts.CacheRead) != 0 && !raw.HasCacheRead) flags |= SpanFlags.CacheReadUnobservable;
        if ((hidden & HiddenParts.CacheWrite) != 0 && !raw.HasCacheWrite) flags |= SpanFlags.CacheWriteUnobservable;
        if ((hidden & HiddenParts.Reasoning) != 0 && !raw.HasReasoning) flags |= SpanFlags.ReasoningUnobservable;
        if ((hidden & HiddenParts.Thoughts) != 0 && !raw.HasReasoning) flags |= SpanFlags.UsageIncompleteDialect;
        if ((hidden & HiddenParts.Estimates) != 0) flags |= SpanFlags.UsageMayBeEstimated;
        return flags;
    }

    /// <summary>The quantity of one unit; 0 when it is not there.</summary>
    public static long Quantity(in UsageVector vector, string unit)
    {
        foreach (var (name, quantity) in vector.OtherUnits ?? [])
        {
            if (name == unit) return quantity;
        }
        return 0;
    }

    /// <summary>Whether the input count leaves the cached tokens out: rules C1 to C10.</summary>
    private static bool IsExclusive(SpanReading reading, in CountingQuestion question, ref SpanFlags flags)
    {
        ref readonly var raw = ref question.Raw;
        var cached = raw.CacheRead + raw.CacheWrite;
        if (cached == 0 || raw.DisjointInput) return true;
        if (cached > raw.Input) return true;
        if (raw.HasTotal && raw.Total == raw.Input + raw.Output + cached) return true;
        if (reading.Has(NumberSlot.AnthropicInput))
        {
            // The provider's own record leaves the cache out, so it tells which way the sender counted.
            var own = reading.Number(NumberSlot.AnthropicInput);
            if (raw.Input == own || raw.Input == own + cached) return raw.Input == own;
        }
        switch (reading.Dialect.CacheInclusion(question))
        {
            case Inclusion.Exclusive: return true;
            case Inclusion.Inclusive: return false;
            case Inclusion.LikelyExclusive: return Guess(true, ref flags);
            case Inclusion.LikelyInclusive: return Guess(false, ref flags);
        }
        if ((reading.Traits & (SpanTraits.CacheWriteName | SpanTraits.OpenAiApiType)) != 0
            || SchemaVersion.IsAtLeast(question.Scope.SchemaUrl, 1, 40))
            return false;
        if (question.Provider is ProviderClass.OpenAiLike or ProviderClass.Gemini) return false;
        return Guess(question.IsRawExclusive, ref flags);
    }

    private static bool Guess(bool exclusive, ref SpanFlags flags)
    {
        flags |= SpanFlags.CacheInclusionGuessed;
        return exclusive;
    }

    /// <summary>
    /// Tool-use prompt tokens that the input leaves out. Google's record has them beside the prompt; some SDKs report the prompt
    /// alone, some the sum.
    /// </summary>
    private static long ToolPromptBeside(SpanReading reading, in RawCounts raw, ref SpanFlags flags)
    {
        var toolPrompt = reading.Number(NumberSlot.GeminiToolPrompt);
        if (toolPrompt == 0) return 0;
        var prompt = reading.Number(NumberSlot.GeminiPrompt);
        if (reading.Has(NumberSlot.GeminiPrompt) && raw.Input == prompt) return toolPrompt;
        if (!reading.Has(NumberSlot.GeminiPrompt) || raw.Input != prompt + toolPrompt) flags |= SpanFlags.AliasConflict;
        return 0;
    }

    private static void SetInput(SpanReading reading, in RawCounts raw, bool exclusive, long toolPrompt, ref ReportedUsage usage,
        ref SpanFlags flags)
    {
        ref var vector = ref usage.Vector;
        var uncached = exclusive ? raw.Input : raw.Input - raw.CacheRead - raw.CacheWrite;
        if (reading.Has(NumberSlot.NoCache) && !raw.DisjointInput)
        {
            var said = reading.Number(NumberSlot.NoCache);
            // Said outright, it counts; but it must fit the input in one way of counting or the other.
            if (said != raw.Input && said != raw.Input - raw.CacheRead - raw.CacheWrite) flags |= SpanFlags.UncachedMismatch;
            // With nothing cached the whole input is left, whatever else is said (rule C1).
            if (raw.CacheRead + raw.CacheWrite > 0) uncached = said;
        }
        vector.CacheReadTokens = raw.CacheRead;
        SplitCacheWrites(reading, raw, ref usage, ref flags);

        // Cached parts of a modality stay with the cache; together they cannot be more than was read.
        var audioCached = Math.Min(reading.Number(NumberSlot.AudioCached), Math.Min(raw.AudioIn, raw.CacheRead));
        if (raw.DisjointInput)
        {
            vector.InputTokens = uncached;
            AddUnit(ref usage, UsageUnits.AudioInputTokens, raw.AudioIn - audioCached);
            return;
        }
        var image = reading.Number(NumberSlot.ImageIn);
        var imageCached = Math.Min(reading.Number(NumberSlot.ImageCached), Math.Min(image, raw.CacheRead - audioCached));
        if (raw.CacheRead > audioCached + imageCached && MayHoldCached(reading, raw)) flags |= SpanFlags.CacheReadUnallocated;
        TakeOut(ref usage, UsageUnits.AudioInputTokens, raw.AudioIn - audioCached, ref uncached, ref flags);
        TakeOut(ref usage, UsageUnits.ImageInputTokens, image - imageCached, ref uncached, ref flags);
        TakeOut(ref usage, UsageUnits.VideoInputTokens, reading.Number(NumberSlot.VideoIn), ref uncached, ref flags);
        vector.InputTokens = uncached + toolPrompt;
    }

    // Some input is no text, and it is not told how much of it was cached.
    private static bool MayHoldCached(SpanReading reading, in RawCounts raw) =>
        (raw.AudioIn > 0 && !reading.Has(NumberSlot.AudioCached)) || reading.Number(NumberSlot.VideoIn) > 0
        || (reading.Number(NumberSlot.ImageIn) > 0 && !reading.Has(NumberSlot.ImageCached));

    private static void SplitCacheWrites(SpanReading reading, in RawCounts raw, ref ReportedUsage usage, ref SpanFlags flags)
    {
        var split = reading.Has(NumberSlot.CacheWrite5m) || reading.Has(NumberSlot.CacheWrite1h);
        long fiveMinutes = reading.Number(NumberSlot.CacheWrite5m), oneHour = reading.Number(NumberSlot.CacheWrite1h);
        if (!split)
        {
            usage.Vector.CacheWriteTokens = raw.CacheWrite;
            if (raw.CacheWrite > 0) flags |= SpanFlags.TtlUnknown;
        }
        else if (fiveMinutes + oneHour == raw.CacheWrite)
        {
            usage.Parts |= UsageParts.TtlSplit;
            usage.Vector.CacheWriteTokens = fiveMinutes;
            usage.Vector.CacheWrite1hTokens = oneHour;
        }
        else
        {
            usage.Vector.CacheWriteTokens = raw.CacheWrite;
            flags |= SpanFlags.TtlSplitPartial;
        }
    }

    private static void SetOutput(SpanReading reading, in CountingQuestion question, bool exclusive, long toolPrompt,
        ref ReportedUsage usage, ref SpanFlags flags)
    {
        ref readonly var raw = ref question.Raw;
        var cachedBeside = exclusive ? raw.CacheRead + raw.CacheWrite : 0;
        var explained = raw.Input + raw.Output + cachedBeside + toolPrompt;
        var reasoning = raw.Reasoning;
        var output = raw.Output;
        if (!raw.HasReasoning && question.Provider == ProviderClass.Gemini && raw.HasTotal && raw.HasInput && raw.HasOutput
            && raw.Total > explained)
        {
            reasoning = raw.Total - explained;
            usage.Parts |= UsageParts.Reasoning;
            flags |= SpanFlags.ReasoningInferred;
        }
        else if (reasoning > 0 && !IsReasoningBeside(reading, question, explained, ref flags))
        {
            output -= reasoning;
        }
        usage.Vector.ReasoningTokens = reasoning;
        if (raw.DisjointOutput)
        {
            AddUnit(ref usage, UsageUnits.AudioOutputTokens, raw.AudioOut);
        }
        else
        {
            TakeOut(ref usage, UsageUnits.AudioOutputTokens, raw.AudioOut, ref output, ref flags);
            TakeOut(ref usage, UsageUnits.ImageOutputTokens, reading.Number(NumberSlot.ImageOut), ref output, ref flags);
        }
        usage.Vector.OutputTokens = output;
    }

    /// <summary>Whether reasoning was counted beside the output: rules R1 and R3.</summary>
    private static bool IsReasoningBeside(SpanReading reading, in CountingQuestion question, long explained, ref SpanFlags flags)
    {
        ref readonly var raw = ref question.Raw;
        if (raw.DisjointOutput || raw.Reasoning > raw.Output) return true;
        if (reading.Has(NumberSlot.GeminiCandidates) && reading.Has(NumberSlot.GeminiThoughts))
        {
            // Google's record has thoughts beside the candidates, so it tells what the sender made of them.
            var candidates = reading.Number(NumberSlot.GeminiCandidates);
            if (raw.Output == candidates) return true;
            if (raw.Output == candidates + reading.Number(NumberSlot.GeminiThoughts)) return false;
        }
        if (raw.HasTotal && raw.Total == explained + raw.Reasoning) return true;
        switch (reading.Dialect.ReasoningInclusion(question))
        {
            case Inclusion.Exclusive: return true;
            case Inclusion.LikelyExclusive:
                flags |= SpanFlags.ReasoningInclusionGuessed;
                return true;
            case Inclusion.LikelyInclusive:
                flags |= SpanFlags.ReasoningInclusionGuessed;
                return false;
            default: return false;
        }
    }

    private static void SetUnits(SpanReading reading, ref ReportedUsage usage)
    {
        if (reading.Has(NumberSlot.CompactionIn) || reading.Has(NumberSlot.CompactionOut))
        {
            usage.Parts |= UsageParts.Compaction;
            AddUnit(ref usage, UsageUnits.CompactionInputTokens, reading.Number(NumberSlot.CompactionIn));
            AddUnit(ref usage, UsageUnits.CompactionOutputTokens, reading.Number(NumberSlot.CompactionOut));
        }
        AddOther(reading, NumberSlot.AudioSeconds, UsageUnits.AudioSeconds, ref usage);
        AddOther(reading, NumberSlot.Characters, UsageUnits.Characters, ref usage);
        AddOther(reading, NumberSlot.VectorReads, UsageUnits.VectorReadUnits, ref usage);
        AddOther(reading, NumberSlot.VectorWrites, UsageUnits.VectorWriteUnits, ref usage);
    }

    private static void AddOther(SpanReading reading, NumberSlot slot, string unit, ref ReportedUsage usage)
    {
        if (!reading.Has(slot)) return;
        usage.Parts |= UsageParts.OtherUnits;
        AddUnit(ref usage, unit, reading.Number(slot));
    }

    /// <summary>
    /// Moves a modality's tokens out of a text count; never more than are there, so that the sum stays the total.
    /// </summary>
    private static void TakeOut(ref ReportedUsage usage, string unit, long quantity, ref long from, ref SpanFlags flags)
    {
        if (quantity == 0) return;
        if (quantity > from)
        {
            quantity = from;
            flags |= SpanFlags.Clamped;
        }
        from -= quantity;
        usage.Parts |= UsageParts.Modality;
        AddUnit(ref usage, unit, quantity);
    }

    private static void AddUnit(ref ReportedUsage usage, string unit, long quantity)
    {
        if (quantity > 0) usage.Vector.OtherUnits = UsageUnits.With(usage.Vector.OtherUnits, unit, quantity);
    }
}
