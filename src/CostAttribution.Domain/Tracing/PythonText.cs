namespace CostAttribution.Domain.Tracing;

/// <summary>
/// Rewrites Python's <c>str(dict)</c> as JSON: quotes, <c>True</c>, <c>False</c>, <c>None</c>. Evaluates nothing.
/// </summary>
internal static class PythonText
{
    /// <summary>
    /// Writes JSON into <paramref name="json"/> (twice the text's length suffices) and returns its length; where a quote has no
    /// end, the negative length of what was written.
    /// </summary>
    public static int ToJson(ReadOnlySpan<byte> text, Span<byte> json)
    {
        var length = 0;
        for (var i = 0; i < text.Length;)
        {
            if (text[i] is (byte)'\'' or (byte)'"')
            {
                if (!CopyQuoted(text, ref i, json, ref length)) return -length;
            }
            else if (Replace(text[i..], "True"u8, "true"u8, json, ref length)
                || Replace(text[i..], "None"u8, "null"u8, json, ref length))
            {
                i += 4;
            }
            else if (Replace(text[i..], "False"u8, "false"u8, json, ref length))
            {
                i += 5;
            }
            else
            {
                json[length++] = text[i++];
            }
        }
        return length;
    }

    private static bool Replace(ReadOnlySpan<byte> rest, ReadOnlySpan<byte> word, ReadOnlySpan<byte> by, Span<byte> json,
        ref int length)
    {
        if (!rest.StartsWith(word)) return false;
        by.CopyTo(json[length..]);
        length += by.Length;
        return true;
    }

    private static bool CopyQuoted(ReadOnlySpan<byte> text, ref int i, Span<byte> json, ref int length)
    {
        var quote = text[i++];
        json[length++] = (byte)'"';
        for (; i < text.Length; i++)
        {
            var letter = text[i];
            if (letter == quote)
            {
                i++;
                json[length++] = (byte)'"';
                return true;
            }
            if (letter == '\\' && i + 1 < text.Length && text[i + 1] == '\'')
            {
                json[length++] = (byte)'\'';
                i++;
                continue;
            }
            if (letter == '\\')
            {
                if (i + 1 == text.Length) return false;
                json[length++] = letter;
                json[length++] = text[++i];
                continue;
            }
            if (letter == '"') json[length++] = (byte)'\\';
            json[length++] = letter;
        }
        return false;
    }
}
