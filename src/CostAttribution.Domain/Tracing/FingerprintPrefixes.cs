namespace CostAttribution.Domain.Tracing;

/// <summary>Recognises dialects by the prefix of keys that are otherwise not kept.</summary>
public static class FingerprintPrefixes
{
    /// <summary>The hint a key gives, or <see cref="FingerprintHints.None"/>. Costs one comparison for most keys.</summary>
    public static FingerprintHints HintOf(ReadOnlySpan<byte> key)
    {
        if (key.Length < 4) return FingerprintHints.None;
        return key[0] switch
        {
            (byte)'t' when key.StartsWith("traceloop."u8) => FingerprintHints.Traceloop,
            (byte)'l' => HintOfL(key),
            (byte)'m' => HintOfM(key),
            (byte)'a' => HintOfA(key),
            (byte)'g' when key.StartsWith("genkit:"u8) => FingerprintHints.Genkit,
            (byte)'g' when key.StartsWith("github.copilot."u8) => FingerprintHints.Copilot,
            (byte)'o' when key.StartsWith("orq."u8) => FingerprintHints.Orq,
            (byte)'s' when key.StartsWith("sentry."u8) => FingerprintHints.Sentry,
            _ => FingerprintHints.None,
        };
    }

    private static FingerprintHints HintOfL(ReadOnlySpan<byte> key)
    {
        if (key.StartsWith("langfuse."u8))
        {
            return key.StartsWith("langfuse.observation."u8)
                ? FingerprintHints.Langfuse | FingerprintHints.LangfuseObservation : FingerprintHints.Langfuse;
        }
        if (key.StartsWith("langsmith."u8)) return FingerprintHints.LangSmith;
        if (key.StartsWith("langwatch."u8)) return FingerprintHints.LangWatch;
        if (key.StartsWith("litellm."u8)) return FingerprintHints.LiteLlm;
        if (key.StartsWith("logfire."u8)) return FingerprintHints.Logfire;
        return key.StartsWith("llm.token_count."u8) ? FingerprintHints.OpenInferenceLlm : FingerprintHints.None;
    }

    private static FingerprintHints HintOfM(ReadOnlySpan<byte> key)
    {
        if (key.StartsWith("mlflow."u8)) return FingerprintHints.MlFlow;
        if (key.StartsWith("mastra."u8)) return FingerprintHints.Mastra;
        return key.StartsWith("metadata.user_api_key_"u8) ? FingerprintHints.LiteLlmKeyMetadata : FingerprintHints.None;
    }

    private static FingerprintHints HintOfA(ReadOnlySpan<byte> key)
    {
        if (key.StartsWith("ai."u8)) return FingerprintHints.VercelAi;
        return key.StartsWith("aws.bedrock.agentcore."u8) ? FingerprintHints.AwsAgentCore : FingerprintHints.None;
    }
}
