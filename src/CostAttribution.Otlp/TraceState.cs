namespace CostAttribution.Otlp;

/// <summary>
/// Reads the sampling threshold that OpenTelemetry's consistent samplers leave in W3C <c>tracestate</c>: the list member
/// <c>ot</c> holds sub-keys separated by ";", of which <c>th</c> is the rejection threshold in up to 14 hexadecimal digits
/// with trailing zeros left out (https://opentelemetry.io/docs/specs/otel/trace/tracestate-handling).
/// </summary>
internal static class TraceState
{
    private const int ThresholdDigitsMax = 14;

    /// <summary>Whether less than every trace is kept, that is a threshold above zero.</summary>
    public static bool IsSampled(ReadOnlySpan<byte> traceState)
    {
        foreach (var range in traceState.Split((byte)','))
        {
            var member = traceState[range].Trim(" \t"u8);
            if (member.StartsWith("ot="u8)) return HasThreshold(member[3..]);
        }
        return false;
    }

    private static bool HasThreshold(ReadOnlySpan<byte> value)
    {
        foreach (var range in value.Split((byte)';'))
        {
            var entry = value[range];
            if (!entry.StartsWith("th:"u8)) continue;
            var digits = entry[3..];
            if (digits.Length is 0 or > ThresholdDigitsMax) return false;
            var above = false;
            foreach (var digit in digits)
            {
                if (!char.IsAsciiHexDigit((char)digit)) return false;
                above |= digit != '0';
            }
            return above;
        }
        return false;
    }
}
