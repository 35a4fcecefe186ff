namespace CostAttribution.Domain.Tracing;

/// <summary>Bounds on what is kept of a span. Passing one is flagged on the span and counted; nothing else is lost.</summary>
public sealed record TracingLimits
{
    public static TracingLimits Default { get; } = new();

    /// <summary>Longest kept text value in bytes; at most 65,535, the record's length field.</summary>
    public int ValueBytesMax { get; init; } = 1024;

    /// <summary>Kept attributes per span or resource.</summary>
    public int KeptAttributesPerSpanMax { get; init; } = 256;

    /// <summary>Attributes of a span that are looked at, kept or not.</summary>
    public int AttributesPerSpanMax { get; init; } = 2048;

    public int LinksPerSpanMax { get; init; } = 32;

    /// <summary>Largest JSON text that is read for known members, in bytes.</summary>
    public int StructuredBytesMax { get; init; } = 256 * 1024;
}
