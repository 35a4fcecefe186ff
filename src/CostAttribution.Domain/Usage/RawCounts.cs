namespace CostAttribution.Domain.Usage;

/// <summary>A span's counts before any rule, from whichever vocabulary of the span is authoritative.</summary>
internal readonly record struct RawCounts
{
    public long Input { get; init; }
    public long Output { get; init; }
    public long Total { get; init; }
    public long CacheRead { get; init; }
    public long CacheWrite { get; init; }
    public long Reasoning { get; init; }
    public long AudioIn { get; init; }
    public long AudioOut { get; init; }
    public bool HasInput { get; init; }
    public bool HasOutput { get; init; }
    public bool HasTotal { get; init; }
    public bool HasCacheRead { get; init; }
    public bool HasCacheWrite { get; init; }
    public bool HasReasoning { get; init; }

    /// <summary>The counts of the input are price lines that do not overlap.</summary>
    public bool DisjointInput { get; init; }

    /// <summary>The counts of the output are price lines that do not overlap.</summary>
    public bool DisjointOutput { get; init; }

    /// <summary>Reasoning as the provider's own record has it, beside the candidates.</summary>
    public bool ReasoningFromRecord { get; init; }

    /// <summary>The whole is the sum of input and output: nothing stands beside them.</summary>
    public bool IsWhole => HasTotal && Total == Input + Output;

    public static RawCounts Of(SpanReading reading)
    {
        if (reading.Has(NumberSlot.DisjointInput) || reading.Has(NumberSlot.DisjointOutput))
            return Beside(OfMap(reading), OfSlots(reading));
        if (reading.Dialect.ReadsBareNames && (reading.Has(NumberSlot.BareInput)
            || reading.Has(NumberSlot.BareOutput))) return OfBareNames(reading);
        return OfSlots(reading);
    }

    private static RawCounts OfMap(SpanReading reading)
    {
        // Lines are disjoint, but one may carry a breakdown of its own, whose parts are in it.
        var cached = Math.Min(reading.Number(NumberSlot.MapCachedInside), reading.Number(NumberSlot.DisjointInput));
        var reasoning = Math.Min(reading.Number(NumberSlot.MapReasoningInside), reading.Number(NumberSlot.DisjointOutput));
        return new RawCounts
        {
            Input = reading.Number(NumberSlot.DisjointInput) - cached,
            HasInput = reading.Has(NumberSlot.DisjointInput),
            Output = reading.Number(NumberSlot.DisjointOutput) - reasoning,
            HasOutput = reading.Has(NumberSlot.DisjointOutput),
            CacheRead = reading.Number(NumberSlot.DisjointCacheRead) + cached,
            HasCacheRead = reading.Has(NumberSlot.DisjointCacheRead) || reading.Has(NumberSlot.MapCachedInside),
            CacheWrite = WithSplit(reading, NumberSlot.DisjointCacheWrite),
            HasCacheWrite = HasWithSplit(reading, NumberSlot.DisjointCacheWrite),
            Reasoning = reading.Number(NumberSlot.DisjointReasoning) + reasoning,
            HasReasoning = reading.Has(NumberSlot.DisjointReasoning) || reading.Has(NumberSlot.MapReasoningInside),
            AudioIn = reading.Number(NumberSlot.DisjointAudioIn),
            AudioOut = reading.Number(NumberSlot.DisjointAudioOut),
            DisjointInput = true,
            DisjointOutput = true,
        };
    }

    // A map may have lines of one side only, or the plain sum where the other names have the parts.
    private static RawCounts Beside(in RawCounts map, in RawCounts slots)
    {
        var counts = map;
        var tellsCache = map.HasCacheRead || map.HasCacheWrite;
        var isPlainSum = !tellsCache && slots.Input == map.Input && (slots.HasCacheRead || slots.HasCacheWrite);
        if (slots.HasInput && (!map.HasInput || isPlainSum))
        {
            counts = counts with
            {
                Input = slots.Input, HasInput = true, DisjointInput = false, AudioIn = slots.AudioIn,
                CacheRead = slots.CacheRead, HasCacheRead = slots.HasCacheRead,
                CacheWrite = slots.CacheWrite, HasCacheWrite = slots.HasCacheWrite,
            };
        }
        if (slots.HasOutput && (!map.HasOutput || (!map.HasReasoning && slots.Output == map.Output && slots.HasReasoning)))
        {
            counts = counts with
            {
                Output = slots.Output, HasOutput = true, DisjointOutput = false, AudioOut = slots.AudioOut,
                Reasoning = slots.Reasoning, HasReasoning = slots.HasReasoning, ReasoningFromRecord = slots.ReasoningFromRecord,
            };
        }
        return counts;
    }

    private static RawCounts OfBareNames(SpanReading reading) => new()
    {
        Input = reading.Number(NumberSlot.BareInput),
        HasInput = reading.Has(NumberSlot.BareInput),
        Output = reading.Number(NumberSlot.BareOutput),
        HasOutput = reading.Has(NumberSlot.BareOutput),
        CacheRead = reading.Number(NumberSlot.BareCacheRead),
        HasCacheRead = reading.Has(NumberSlot.BareCacheRead),
        CacheWrite = WithSplit(reading, NumberSlot.BareCacheWrite),
        HasCacheWrite = HasWithSplit(reading, NumberSlot.BareCacheWrite),
        DisjointInput = true,
        DisjointOutput = true,
    };

    private static RawCounts OfSlots(SpanReading reading)
    {
        var input = reading.Has(NumberSlot.Input) ? NumberSlot.Input : NumberSlot.GeminiPrompt;
        var output = reading.Has(NumberSlot.Output) ? NumberSlot.Output : NumberSlot.GeminiCandidates;
        var total = reading.Has(NumberSlot.Total) ? NumberSlot.Total : NumberSlot.GeminiTotal;
        var reasoning = reading.Has(NumberSlot.Reasoning) ? NumberSlot.Reasoning : NumberSlot.GeminiThoughts;
        // Embeddings and reranking have no output, so their total is the input.
        var inputIsTotal = !reading.Has(input) && !reading.Has(output) && reading.Has(total) && IsInputOnly(reading);
        return new RawCounts
        {
            Input = reading.Number(inputIsTotal ? total : input),
            HasInput = inputIsTotal || reading.Has(input),
            Output = reading.Number(output),
            HasOutput = reading.Has(output),
            Total = reading.Number(total),
            HasTotal = reading.Has(total),
            CacheRead = reading.Number(NumberSlot.CacheRead),
            HasCacheRead = reading.Has(NumberSlot.CacheRead),
            CacheWrite = WithSplit(reading, NumberSlot.CacheWrite),
            HasCacheWrite = HasWithSplit(reading, NumberSlot.CacheWrite),
            Reasoning = reading.Number(reasoning),
            HasReasoning = reading.Has(reasoning),
            AudioIn = reading.Number(NumberSlot.AudioIn),
            AudioOut = reading.Number(NumberSlot.AudioOut),
            ReasoningFromRecord = reasoning == NumberSlot.GeminiThoughts && reading.Has(reasoning),
        };
    }

    // Without a total the split is the total; with one, the total counts.
    private static long WithSplit(SpanReading reading, NumberSlot total) =>
        reading.Has(total) ? reading.Number(total) : reading.Number(NumberSlot.CacheWrite5m)
            + reading.Number(NumberSlot.CacheWrite1h);

    private static bool HasWithSplit(SpanReading reading, NumberSlot total) =>
        reading.Has(total) || reading.Has(NumberSlot.CacheWrite5m) || reading.Has(NumberSlot.CacheWrite1h);

    private static bool IsInputOnly(SpanReading reading) =>
        reading.Text(TextSlot.Operation) is "embeddings" or "embedding" or "aembedding" or "rerank"
        || reading.Text(TextSlot.OpenInferenceKind) is "EMBEDDING" or "RERANKER"
            || reading.Text(TextSlot.LlmRequestType) is "embedding" or "rerank";
}
