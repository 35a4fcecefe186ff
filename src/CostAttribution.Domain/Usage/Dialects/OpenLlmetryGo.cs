namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>The Go SDK of OpenLLMetry, which still writes the oldest names.</summary>
internal static class OpenLlmetryGo
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "openllmetry_go",
        Rank = 190,
        Recognises = static span => span.Has(SpanTraits.LegacyGoNames),
    };
}
