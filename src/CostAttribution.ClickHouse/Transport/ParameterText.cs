using System.Buffers;
using System.Text;

namespace CostAttribution.ClickHouse.Transport;

/// <summary>Text of bound parameter values: both interfaces read them as the fields of a tab-separated row.</summary>
internal static class ParameterText
{
    private static readonly SearchValues<char> Special = SearchValues.Create("\\\t\n\r\0\b\f");

    public static string Escape(string value)
    {
        if (value.AsSpan().IndexOfAny(Special) < 0) return value;
        var escaped = new StringBuilder(value.Length + 8);
        foreach (var letter in value)
        {
            _ = letter switch
            {
                '\\' => escaped.Append("\\\\"),
                '\t' => escaped.Append("\\t"),
                '\n' => escaped.Append("\\n"),
                '\r' => escaped.Append("\\r"),
                '\0' => escaped.Append("\\0"),
                '\b' => escaped.Append("\\b"),
                '\f' => escaped.Append("\\f"),
                _ => escaped.Append(letter),
            };
        }
        return escaped.ToString();
    }
}
