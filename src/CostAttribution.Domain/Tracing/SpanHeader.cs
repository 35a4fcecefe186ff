using CostAttribution.Domain.Identity;

namespace CostAttribution.Domain.Tracing;

/// <summary>OTLP span status codes.</summary>
public enum SpanStatus : byte { Unset = 0, Ok = 1, Error = 2 }

/// <summary>OTLP span kinds.</summary>
public enum SpanKind : byte { Unspecified = 0, Internal = 1, Server = 2, Client = 3, Producer = 4, Consumer = 5 }

/// <summary>What the decoder noticed about one span. Part of the record format: append only.</summary>
[Flags]
public enum SpanRecordFlags : ushort
{
    None = 0,

    /// <summary>The end lay before the start; the duration counts as zero.</summary>
    EndBeforeStart = 1 << 0,

    /// <summary>A kept value was longer than the limit and was cut.</summary>
    ValueTruncated = 1 << 1,

    /// <summary>The span had more attributes than the limit; the ones past it were not looked at.</summary>
    AttributesOverLimit = 1 << 2,

    /// <summary>The sender's sampler announced that only a share of traces is sent (<c>tracestate</c> <c>ot=th:…</c>).</summary>
    Sampled = 1 << 3,

    /// <summary>A structured attribute (JSON in a string) could not be read, or an array stood for a single value.</summary>
    BadStructuredValue = 1 << 4,

    /// <summary>More links than the limit; the rest were dropped.</summary>
    LinksOverLimit = 1 << 5,

    /// <summary>The sender itself dropped attributes (<c>dropped_attributes_count</c> &gt; 0).</summary>
    SenderDroppedAttributes = 1 << 6,

    /// <summary>A map that names every billed quantity has a line that is not known.</summary>
    UnknownUsageLine = 1 << 7,
}

/// <summary>
/// Key prefixes and shapes seen on a span that fingerprint a dialect although the keys themselves are not kept.
/// Part of the record format: append only.
/// </summary>
[Flags]
public enum FingerprintHints : uint
{
    None = 0,
    Traceloop = 1 << 0,
    Langfuse = 1 << 1,
    LiteLlm = 1 << 2,
    LiteLlmKeyMetadata = 1 << 3,
    LangSmith = 1 << 4,
    MlFlow = 1 << 5,
    Mastra = 1 << 6,
    LangWatch = 1 << 7,
    Genkit = 1 << 8,
    Orq = 1 << 9,
    VercelAi = 1 << 10,
    OpenInferenceLlm = 1 << 11,
    AwsAgentCore = 1 << 12,
    Copilot = 1 << 13,
    Sentry = 1 << 14,
    Logfire = 1 << 15,

    /// <summary>
    /// Some <c>langfuse.observation.*</c>: only the Langfuse SDK writes those; others borrow its identity keys.
    /// </summary>
    LangfuseObservation = 1 << 16,
}

/// <summary>The fixed part of a span record while it is being written.</summary>
public struct SpanHeader
{
    public TraceId TraceId;
    public SpanId SpanId;

    /// <summary>Zero for a root.</summary>
    public SpanId ParentSpanId;

    /// <summary>Nanoseconds since the Unix epoch, as sent.</summary>
    public ulong StartNanos;
    public ulong EndNanos;
    public SpanKind Kind;
    public SpanStatus Status;
    public SpanRecordFlags Flags;
    public FingerprintHints Hints;
}
