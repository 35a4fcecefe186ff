using System.Globalization;

namespace CostAttribution.ClickHouse.Native;

/// <summary>A ClickHouse type name, parsed as far as reading its bytes needs: the outer name and its arguments.</summary>
internal sealed record NativeType(string Name, IReadOnlyList<string> Arguments)
{
    private const int DepthMax = 32;

    /// <summary>Splits <c>Name(argument, argument)</c>; commas inside parentheses and quotes do not split.</summary>
    public static NativeType Parse(string type)
    {
        var open = type.IndexOf('(', StringComparison.Ordinal);
        if (open < 0) return new NativeType(type, []);
        if (type[^1] != ')') throw new InvalidDataException($"'{type}' is not a type name");
        var arguments = new List<string>();
        var depth = 0;
        var quoted = false;
        var start = open + 1;
        for (var i = start; i < type.Length; i++)
        {
            var letter = type[i];
            if (quoted)
            {
                if (letter == '\\') i++;
                else if (letter == '\'') quoted = false;
                continue;
            }
            if (letter == '\'') quoted = true;
            else if (letter == '(') depth++;
            else if ((letter == ',' && depth == 0) || (letter == ')' && depth == 0))
            {
                arguments.Add(type[start..i].Trim());
                start = i + 1;
            }
            else if (letter == ')') depth--;
            if (depth > DepthMax) throw new InvalidDataException("a type is nested too deeply");
        }
        return new NativeType(type[..open], arguments);
    }

    /// <summary>Bytes of one value, or 0 when the type has no fixed width.</summary>
    public int Width() => Name switch
    {
        "UInt8" or "Int8" or "Bool" or "Enum8" or "Nothing" => 1,
        "UInt16" or "Int16" or "Date" or "Enum16" or "BFloat16" => 2,
        "UInt32" or "Int32" or "Float32" or "DateTime" or "Date32" or "IPv4" or "Time" or "Decimal32" => 4,
        "UInt64" or "Int64" or "Float64" or "DateTime64" or "Time64" or "Decimal64" => 8,
        "UInt128" or "Int128" or "UUID" or "IPv6" or "Decimal128" => 16,
        "UInt256" or "Int256" or "Decimal256" => 32,
        "FixedString" => int.Parse(Arguments[0], CultureInfo.InvariantCulture),
        "Decimal" => int.Parse(Arguments[0], CultureInfo.InvariantCulture) switch { <= 9 => 4, <= 18 => 8, <= 38 => 16, _ => 32 },
        _ when Name.StartsWith("Interval", StringComparison.Ordinal) => 8,
        _ => 0,
    };

    /// <summary>The type of a tuple's place without its name, if it has one: <c>a UInt8</c> is <c>UInt8</c>.</summary>
    public static string WithoutFieldName(string argument)
    {
        var space = argument.IndexOf(' ', StringComparison.Ordinal);
        var open = argument.IndexOf('(', StringComparison.Ordinal);
        return space > 0 && (open < 0 || space < open) ? argument[(space + 1)..] : argument;
    }
}
