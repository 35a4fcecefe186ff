using System.IO.Hashing;
using System.Text;

namespace CostAttribution.Domain.Tracing;

/// <summary>
/// Gives the same string object for the same UTF-8 bytes while they stay in a fixed-size direct-mapped cache, so that model,
/// provider and customer names exist about once. Not thread-safe: one per worker. Misses only cost an allocation.
/// </summary>
public sealed class Utf8Interner
{
    /// <summary>Longer texts are rarely repeated and not worth keeping alive.</summary>
    private const int CachedBytesMax = 256;

    private readonly string?[] slots;

    /// <param name="slotsLog2">Base-2 logarithm of the number of slots.</param>
    public Utf8Interner(int slotsLog2 = 14) => slots = new string?[1 << slotsLog2];

    /// <summary>The text of <paramref name="utf8"/>; invalid sequences become U+FFFD.</summary>
    public string Get(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty) return "";
        if (utf8.Length > CachedBytesMax) return Encoding.UTF8.GetString(utf8);

        ref var slot = ref slots[(int)(XxHash3.HashToUInt64(utf8) & (ulong)(slots.Length - 1))];
        if (slot is { } cached && Matches(cached, utf8)) return cached;
        return slot = Encoding.UTF8.GetString(utf8);
    }

    private static bool Matches(string text, ReadOnlySpan<byte> utf8)
    {
        // Pure ASCII, the normal case, compares without decoding.
        if (text.Length == utf8.Length) return Ascii.Equals(utf8, text);
        Span<char> chars = stackalloc char[CachedBytesMax];
        return Encoding.UTF8.TryGetChars(utf8, chars, out var written) && text.AsSpan().SequenceEqual(chars[..written]);
    }
}
