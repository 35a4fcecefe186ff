using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace CostAttribution.Otlp.Grpc;

/// <summary>
/// The parts of gRPC over HTTP/2 that a unary server needs
/// (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).
/// </summary>
public static class GrpcWire
{
    /// <summary>A message is preceded by one byte "compressed" and its length as four bytes, big-endian.</summary>
    public const int FrameHeadBytes = 5;

    private const int TimeoutDigitsMax = 8;

    /// <summary>Puts an uncompressed message in its frame.</summary>
    public static byte[] Frame(ReadOnlySpan<byte> message)
    {
        var frame = new byte[FrameHeadBytes + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame.AsSpan(FrameHeadBytes));
        return frame;
    }

    /// <summary>Percent-encodes a status message: every byte that is not printable ASCII, and the percent sign.</summary>
    public static string EncodeMessage(string message)
    {
        var utf8 = Encoding.UTF8.GetBytes(message);
        if (!utf8.AsSpan().ContainsAnyExceptInRange((byte)' ', (byte)'~') && !utf8.Contains((byte)'%')) return message;
        var text = new StringBuilder(utf8.Length + 16);
        foreach (var value in utf8)
        {
            if (value is >= (byte)' ' and <= (byte)'~' and not (byte)'%') text.Append((char)value);
            else text.Append('%').Append(value.ToString("X2", CultureInfo.InvariantCulture));
        }
        return text.ToString();
    }

    /// <summary>Base64 for a <c>-bin</c> header, without padding as the protocol prefers.</summary>
    public static string EncodeBinary(ReadOnlySpan<byte> value) => Convert.ToBase64String(value).TrimEnd('=');

    /// <summary>
    /// Reads <c>grpc-timeout</c>: up to eight digits and one of H, M, S, m, u, n. A time beyond what a timer can wait counts as
    /// that.
    /// </summary>
    public static bool TryParseTimeout(string text, out TimeSpan timeout)
    {
        timeout = default;
        if (text.Length is < 2 or > TimeoutDigitsMax + 1) return false;
        if (!long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            return false;
        long ticksPerUnit;
        switch (text[^1])
        {
            case 'H': ticksPerUnit = TimeSpan.TicksPerHour; break;
            case 'M': ticksPerUnit = TimeSpan.TicksPerMinute; break;
            case 'S': ticksPerUnit = TimeSpan.TicksPerSecond; break;
            case 'm': ticksPerUnit = TimeSpan.TicksPerMillisecond; break;
            case 'u': ticksPerUnit = TimeSpan.TicksPerMicrosecond; break;
            case 'n':
                timeout = TimeSpan.FromTicks(count / TimeSpan.NanosecondsPerTick);
                return true;
            default: return false;
        }
        timeout = TimeSpan.FromTicks(Math.Min(count * ticksPerUnit, TimeSpan.FromDays(1).Ticks));
        return true;
    }
}
