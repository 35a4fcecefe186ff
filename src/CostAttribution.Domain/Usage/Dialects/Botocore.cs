namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>OpenTelemetry's botocore instrumentation: raw Bedrock counts.</summary>
internal static class Botocore
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "botocore",
        Rank = 130,
        Recognises = static span => span.ScopeHolds("botocore"),
        CacheInclusion = static question => Dialect.ExclusiveIf(question.IsRawExclusive),
        Hides = static question => question.Details,
    };
}
