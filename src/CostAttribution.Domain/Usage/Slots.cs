namespace CostAttribution.Domain.Usage;

/// <summary>A quantity that several keys may carry; the first key in precedence wins and aliases are never added.</summary>
internal enum NumberSlot : byte
{
    Input, Output, Total, CacheRead, CacheWrite, CacheWrite5m, CacheWrite1h, Reasoning, NoCache,
    AudioIn, AudioOut, AudioCached, ImageIn, ImageOut, ImageCached, VideoIn, CompactionIn, CompactionOut,

    // maps whose lines are disjoint by definition
    DisjointInput, DisjointOutput, DisjointCacheRead, DisjointCacheWrite, DisjointReasoning, DisjointAudioIn, DisjointAudioOut,

    // parts that a line of such a map breaks down
    MapCachedInside, MapReasoningInside,

    // bare names, read in one dialect
    BareInput, BareOutput, BareCacheRead, BareCacheWrite,

    // the provider's own record beside the counts an SDK derived from it
    GeminiPrompt, GeminiCandidates, GeminiThoughts, GeminiToolPrompt, GeminiTotal, AnthropicInput,

    AudioSeconds, Characters, VectorReads, VectorWrites,
    Attempt, HttpStatus,
}

/// <summary>A text that several keys may carry; the first key in precedence wins.</summary>
internal enum TextSlot : byte
{
    Operation, ProviderName, System, LlmProvider, LlmSystem, AiModelProvider, LlmVendor, MlFlowProvider, LiteLlmProvider,
    ResponseModel, RequestModel, InvokedModel, AnyModel, ResponseId, ResponseTier, RequestTier, FinishReason, ErrorType,
        ServerAddress,
    OpenInferenceKind, AiOperationId, LlmRequestType, LangfuseType, LangSmithKind, MlFlowType, TraceloopKind, LogfireType,
    ToolName, StepName, HttpRoute, HttpMethod, RunId, Workspace, ProviderKey, SdkAgent, GenkitSubtype, Account, Geography,
    Endpoint, Speed,
}

/// <summary>What was noticed on a span beside its values; part of what tells dialects apart.</summary>
[Flags]
internal enum SpanTraits : uint
{
    None = 0,

    /// <summary>Some attribute of a GenAI convention is present.</summary>
    GenAi = 1 << 0,
    GenAiUsage = 1 << 1,
    AiOperation = 1 << 2,

    /// <summary><c>ai.usage.inputTokenDetails.*</c>: version 6 or later of the Vercel AI SDK.</summary>
    VercelDetails = 1 << 3,
    OpenInferenceKind = 1 << 4,
    TraceloopKind = 1 << 5,
    LlmRequestType = 1 << 6,

    /// <summary>Cache counts under OpenLLMetry's older names with underscores.</summary>
    UnderscoreCache = 1 << 7,
    LegacyGoNames = 1 << 8,
    SpringKind = 1 << 9,
    TextNumbers = 1 << 10,
    CacheWriteName = 1 << 11,
    OpenAiApiType = 1 << 12,
    Stream = 1 << 13,
    Estimated = 1 << 14,
    SkipAccumulation = 1 << 15,
    DisjointMap = 1 << 16,
    BareUsage = 1 << 17,
    RequestHttp = 1 << 18,
    LangfuseObservation = 1 << 19,

    // set from values, the name and the resource
    StrandsProvider = 1 << 20,
    AgentStepOperation = 1 << 21,
    ClaudeCodeName = 1 << 22,
    LiteLlmName = 1 << 23,
    ClaudePlatformService = 1 << 24,
    OpenRouterService = 1 << 25,
    CopilotService = 1 << 26,
    OpenLitSdk = 1 << 27,
    LoongSuiteKind = 1 << 28,
    Judgment = 1 << 29,
    AzureInferenceSystem = 1 << 30,

    /// <summary><c>gen_ai.model.provider</c>, which only Cloudflare's gateway writes.</summary>
    ModelProviderName = 1u << 31,
}
