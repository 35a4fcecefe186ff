namespace CostAttribution.Workload.Dialects;

/// <summary>The ways in which instrumentations in the simulated company describe model calls.</summary>
[Flags]
public enum DialectSet
{
    /// <summary>OpenTelemetry GenAI conventions, current names.</summary>
    Semconv = 1 << 0,

    /// <summary>OpenTelemetry GenAI conventions before 1.27: <c>gen_ai.system</c>, prompt and completion tokens.</summary>
    SemconvOld = 1 << 1,

    /// <summary>The spans Anthropic's SDK makes by itself, with the cache writes split by time to live.</summary>
    AnthropicSdk = 1 << 2,

    /// <summary>Vercel AI SDK 6: usage on the wrapper and on each attempt.</summary>
    Vercel6 = 1 << 3,

    /// <summary>Vercel AI SDK 7: an agent span with the sum, steps, and one span per call.</summary>
    Vercel7 = 1 << 4,

    OpenInference = 1 << 5,

    /// <summary>Microsoft.Extensions.AI around the OpenAI .NET SDK: every call twice, the tool loop a third time.</summary>
    ExtensionsAi = 1 << 6,

    /// <summary>An application without instrumentation behind a LiteLLM proxy that has one.</summary>
    LiteLlm = 1 << 7,

    /// <summary>Strands agents on Bedrock, the AWS SDK instrumented as well; input excludes what the cache did.</summary>
    Strands = 1 << 8,

    All = Semconv | SemconvOld | AnthropicSdk | Vercel6 | Vercel7 | OpenInference | ExtensionsAi | LiteLlm | Strands,
}

/// <summary>Kinds of usage an instrumentation puts on its spans; calls made through it use no others.</summary>
[Flags]
internal enum UsageKinds
{
    None = 0,
    CacheRead = 1,
    CacheWrite = 2,
    CacheWrite1h = 4,
    Reasoning = 8,
}
