namespace CostAttribution.Domain.Tracing;

/// <summary>Helpers for text that stays UTF-8.</summary>
public static class Utf8Text
{
    /// <summary>The longest prefix of at most <paramref name="bytesMax"/> bytes that does not split a character.</summary>
    public static ReadOnlySpan<byte> Cut(ReadOnlySpan<byte> utf8, int bytesMax)
    {
        if (utf8.Length <= bytesMax) return utf8;
        var end = bytesMax;
        while (end > 0 && (utf8[end] & 0xC0) == 0x80) end--;
        return utf8[..end];
    }
}
