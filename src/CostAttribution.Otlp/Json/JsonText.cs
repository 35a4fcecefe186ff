using System.Globalization;
using System.Text;

namespace CostAttribution.Otlp.Json;

/// <summary>A JSON string as it stands in the request, without its quotes.</summary>
internal readonly ref struct JsonText(ReadOnlySpan<byte> raw, bool isEscaped)
{
    /// <summary>Most bytes that one character can add past a limit: the longest UTF-8 sequence.</summary>
    public const int SlackBytes = 4;

    public ReadOnlySpan<byte> Raw { get; } = raw;
    public bool IsEscaped { get; } = isEscaped;

    /// <summary>
    /// The text without escapes, in <paramref name="scratch"/> if there were any. Reading stops at the first character that
    /// does not fit, so a longer text still comes out longer than <c>scratch.Length − SlackBytes</c>.
    /// </summary>
    public ReadOnlySpan<byte> Unescape(Span<byte> scratch)
    {
        if (!IsEscaped) return Raw;
        var rest = Raw;
        var length = 0;
        while (!rest.IsEmpty)
        {
            var plain = rest.IndexOf((byte)'\\');
            if (plain < 0) plain = rest.Length;
            if (plain > scratch.Length - length)
            {
                var cut = scratch.Length - length;
                while (cut > 0 && (rest[cut] & 0xC0) == 0x80) cut--;
                rest[..cut].CopyTo(scratch[length..]);
                return scratch[..(length + cut)];
            }
            rest[..plain].CopyTo(scratch[length..]);
            length += plain;
            rest = rest[plain..];
            if (rest.IsEmpty) break;
            var character = ReadEscape(ref rest);
            if (!character.TryEncodeToUtf8(scratch[length..], out var written)) break;
            length += written;
        }
        return scratch[..length];
    }

    // The JSON reader has checked that a known letter, or four hexadecimal digits, follow the backslash.
    private static Rune ReadEscape(ref ReadOnlySpan<byte> rest)
    {
        var letter = rest[1];
        if (letter == 'u')
        {
            var high = ReadUnit(rest);
            rest = rest[6..];
            if (!char.IsSurrogate(high)) return new Rune(high);
            if (rest.Length < 6 || rest[0] != '\\' || rest[1] != 'u') return Rune.ReplacementChar;
            if (!Rune.TryCreate(high, ReadUnit(rest), out var pair)) return Rune.ReplacementChar;
            rest = rest[6..];
            return pair;
        }
        rest = rest[2..];
        return (char)letter switch
        {
            'b' => new Rune('\b'),
            'f' => new Rune('\f'),
            'n' => new Rune('\n'),
            'r' => new Rune('\r'),
            't' => new Rune('\t'),
            var other => new Rune(other),
        };
    }

    private static char ReadUnit(ReadOnlySpan<byte> escape) =>
        (char)ushort.Parse(escape.Slice(2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
