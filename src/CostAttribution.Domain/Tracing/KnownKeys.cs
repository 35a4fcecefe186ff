namespace CostAttribution.Domain.Tracing;

/// <summary>
/// Attribute keys the product reads, with the ids under which records keep them. Ids are in journals and stored facts:
/// every group only grows at its end, ids are never reused. docs/dialects.md says which convention each name comes from.
/// </summary>
public static class KnownKeys
{
    // Ids that code outside this table refers to.
    public const ushort ServiceName = 1;
    public const ushort DeploymentEnvironmentName = 2;
    public const ushort TelemetrySdkName = 5;
    public const ushort GenAiOperationName = 40;
    public const ushort GenAiProviderName = 41;
    public const ushort GenAiSystem = 42;
    public const ushort GenAiRequestModel = 43;
    public const ushort GenAiResponseModel = 44;
    public const ushort GenAiResponseId = 45;
    public const ushort GenAiUsageInputTokens = 200;
    public const ushort GenAiUsageOutputTokens = 201;
    public const ushort CustomerId = BusinessKeys.FirstId;

    /// <summary>Ids of built-in keys are below this.</summary>
    public const ushort BuiltInIdEnd = 4096;

    private const ushort FinishReasons = 46, UsageDetails = 171;

    /// <summary>Whether the key is a list by convention, of which the first element counts.</summary>
    public static bool IsList(ushort id) => id == FinishReasons;

    /// <summary>Whether every number in the key's map is a billed quantity, so that one nobody knows is money unseen.</summary>
    internal static bool IsMapOfUsage(ushort id) => id == UsageDetails;

    /// <summary>Every built-in key.</summary>
    public static IReadOnlyList<KnownKey> All { get; } = [.. ContextKeys.All, .. UsageKeys.All, .. BusinessKeys.All];

    /// <summary>Keys with consecutive ids from <paramref name="firstId"/>.</summary>
    internal static IEnumerable<KnownKey> Group(ushort firstId, AttributeUse use, params string[] names) =>
        names.Select((name, index) => new KnownKey((ushort)(firstId + index), name, use));
}
