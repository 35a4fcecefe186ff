using CostAttribution.Domain.Tracing;
using CostAttribution.Domain.Usage.Dialects;

namespace CostAttribution.Domain.Usage;

/// <summary>
/// Turns what a span reports into disjoint kinds: decides whether cached tokens are in the input (docs/dialects.md §10.4),
/// takes reasoning and modalities out of the totals (§10.5). Quantities are bounded by the parser, so sums cannot overflow.
/// </summary>
internal static class UsageNormaliser
{
    public static void Normalise(SpanReading reading, ScopeInfo scope, ProviderClass provider, ref ReportedUsage usage,
        ref SpanFlags flags)
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

        var question = new CountingQuestion(provider, scope, reading.Traits);
        var exclusive = IsExclusive(reading, raw, question, ref flags);
        SetInput(reading, raw, exclusive, ref usage, ref flags);
        SetOutput(reading, raw, exclusive, question, ref usage, ref flags);
        SetUnits(reading, ref usage, ref flags);

        var vector = usage.Vector;
        usage.InputTotal = vector.InputTotal;
        usage.OutputTotal = vector.OutputTokens + vector.ReasoningTokens + Quantity(vector, UsageUnits.AudioOutputTokens)
            + Quantity(vector, UsageUnits.ImageOutputTokens);
        if (reading.Dialect.HidesCacheWrites && provider == ProviderClass.Anthropic && !raw.HasCacheWrite && usage.HasUsage)
            flags |= SpanFlags.CacheWriteUnobservable;
        if (reading.Dialect.MayMissReasoning && usage.HasUsage && !raw.HasReasoning && !reading.Has(NumberSlot.GeminiTotal))
            flags |= SpanFlags.UsageIncompleteDialect;
        if ((reading.Traits & SpanTraits.Estimated) != 0 && usage.HasUsage) flags |= SpanFlags.EstimatedTokens;
        if (usage.Cost is { IsZero: true } && !vector.IsZero)
        {
            // 0 is what some senders write for models they do not know.
            usage.Cost = null;
            flags |= SpanFlags.ZeroCostUnknown;
        }
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
    private static bool IsExclusive(SpanReading reading, in RawCounts raw, in CountingQuestion question, ref SpanFlags flags)
    {
        var cached = raw.CacheRead + raw.CacheWrite;
        if (cached == 0) return true;
        if (raw.Disjoint) return true;
        if (cached > raw.Input) return true;
        if (raw.HasTotal && raw.Total == raw.Input + raw.Output + cached) return true;
        switch (reading.Dialect.CacheInclusion(question))
        {
            case Inclusion.Exclusive: return true;
            case Inclusion.Inclusive: return false;
        }
        if ((reading.Traits & (SpanTraits.CacheWriteName | SpanTraits.OpenAiApiType)) != 0
            || SchemaVersion.IsAtLeast(question.Scope.SchemaUrl, 1, 40))
            return false;
        if (question.Provider is ProviderClass.OpenAiLike or ProviderClass.Gemini) return false;
        flags |= SpanFlags.CacheInclusionGuessed;
        return question.IsRawExclusive;
    }

    private static void SetInput(SpanReading reading, in RawCounts raw, bool exclusive, ref ReportedUsage usage,
        ref SpanFlags flags)
    {
        ref var vector = ref usage.Vector;
        var uncached = exclusive ? raw.Input : raw.Input - raw.CacheRead - raw.CacheWrite;
        if (reading.Has(NumberSlot.NoCache) && !raw.Disjoint) uncached = reading.Number(NumberSlot.NoCache);
        vector.CacheReadTokens = raw.CacheRead;
        SplitCacheWrites(reading, raw, ref usage, ref flags);

        var audio = raw.AudioIn - Math.Min(reading.Number(NumberSlot.AudioCached), Math.Min(raw.AudioIn, raw.CacheRead));
        if (raw.Disjoint)
        {
            vector.InputTokens = uncached;
            AddUnit(ref usage, UsageUnits.AudioInputTokens, audio);
            return;
        }
        TakeOut(ref usage, UsageUnits.AudioInputTokens, audio, ref uncached, ref flags);
        TakeOut(ref usage, UsageUnits.ImageInputTokens, reading.Number(NumberSlot.ImageIn), ref uncached, ref flags);
        TakeOut(ref usage, UsageUnits.VideoInputTokens, reading.Number(NumberSlot.VideoIn), ref uncached, ref flags);
        // Tool-use prompt tokens stand beside the prompt count in the provider's own record.
        if (reading.Dialect.MayMissReasoning) uncached += reading.Number(NumberSlot.GeminiToolPrompt);
        vector.InputTokens = uncached;
    }

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

    private static void SetOutput(
        SpanReading reading, in RawCounts raw, bool exclusive, in CountingQuestion question, ref ReportedUsage usage,
            ref SpanFlags flags)
    {
        var cachedBeside = exclusive ? raw.CacheRead + raw.CacheWrite : 0;
        var explained = raw.Input + raw.Output + cachedBeside;
        var reasoning = raw.Reasoning;
        long output;
        if (!raw.HasReasoning && question.Provider == ProviderClass.Gemini && raw.HasTotal && raw.HasInput && raw.HasOutput
            && raw.Total > explained)
        {
            reasoning = raw.Total - explained;
            usage.Parts |= UsageParts.Reasoning;
            flags |= SpanFlags.ReasoningInferred;
            output = raw.Output;
        }
        else
        {
            var beside = raw.Disjoint || reasoning > raw.Output || (raw.ReasoningFromRecord && reading.Dialect.MayMissReasoning)
                || reading.Dialect.ReasoningBesideOutput(question)
                    || (reasoning > 0 && raw.HasTotal && raw.Total == explained + reasoning);
            output = beside ? raw.Output : raw.Output - reasoning;
        }
        usage.Vector.ReasoningTokens = reasoning;
        if (raw.Disjoint)
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

    private static void SetUnits(SpanReading reading, ref ReportedUsage usage, ref SpanFlags flags)
    {
        _ = flags;
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
        if (quantity == 0) return;
        var units = usage.Vector.OtherUnits ?? [];
        var at = 0;
        while (at < units.Length && string.CompareOrdinal(units[at].Unit, unit) < 0) at++;
        usage.Vector.OtherUnits = [.. units[..at], new UnitQuantity(unit, quantity), .. units[at..]];
    }
}
