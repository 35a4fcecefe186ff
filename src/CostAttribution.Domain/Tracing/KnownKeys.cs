namespace CostAttribution.Domain.Tracing;

/// <summary>
/// Attribute keys the product reads, with the ids under which records keep them. Ids are in journals and stored facts:
/// append only, never reuse. Sources: the dialect tables cited at each group.
/// </summary>
public static class KnownKeys
{
    // OpenTelemetry resource conventions
    public const ushort ServiceName = 1;
    public const ushort DeploymentEnvironmentName = 2;

    // OpenTelemetry GenAI conventions
    public const ushort GenAiOperationName = 20;
    public const ushort GenAiProviderName = 21;
    public const ushort GenAiRequestModel = 22;
    public const ushort GenAiResponseModel = 23;
    public const ushort GenAiUsageInputTokens = 30;
    public const ushort GenAiUsageOutputTokens = 31;

    // Business identity
    public const ushort CustomerId = 200;

    /// <summary>Every built-in key.</summary>
    public static IReadOnlyList<KnownKey> All { get; } =
    [
        new(ServiceName, "service.name", AttributeUse.Context),
        new(DeploymentEnvironmentName, "deployment.environment.name", AttributeUse.Dimension),
        new(GenAiOperationName, "gen_ai.operation.name", AttributeUse.Context),
        new(GenAiProviderName, "gen_ai.provider.name", AttributeUse.Context),
        new(GenAiRequestModel, "gen_ai.request.model", AttributeUse.Context),
        new(GenAiResponseModel, "gen_ai.response.model", AttributeUse.Context),
        new(GenAiUsageInputTokens, "gen_ai.usage.input_tokens", AttributeUse.Usage),
        new(GenAiUsageOutputTokens, "gen_ai.usage.output_tokens", AttributeUse.Usage),
        new(CustomerId, "customer.id", AttributeUse.Dimension),
    ];
}
