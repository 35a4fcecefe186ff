using System.Buffers;
using System.Buffers.Text;
using System.Globalization;

namespace CostAttribution.Otlp;

/// <summary>
/// Writes a structured attribute that came as OTLP lists as the JSON text that the same attribute has when it comes as a
/// string. Bounded; not thread-safe; reused.
/// </summary>
internal sealed class StructuredText
{
    /// <summary>Lists inside each other.</summary>
    public const int DepthMax = 24;

    private byte[] bytes = [];
    private int length, bytesMax;

    /// <summary>Whether the text passed the limit, or was nested too deeply, and is incomplete.</summary>
    public bool Overflowed { get; private set; }

    public ReadOnlySpan<byte> Written => bytes.AsSpan(0, length);

    public void Begin(int limitBytes)
    {
        length = 0;
        bytesMax = limitBytes;
        Overflowed = false;
    }

    /// <summary>Gives the buffer back, so that no text outlives its request.</summary>
    public void End()
    {
        if (bytes.Length > 0) ArrayPool<byte>.Shared.Return(bytes);
        bytes = [];
        length = 0;
    }

    public void MarkOverflowed() => Overflowed = true;

    public void Raw(ReadOnlySpan<byte> json)
    {
        if (json.Length > bytesMax - length) Overflowed = true;
        if (Overflowed) return;
        if (json.Length > bytes.Length - length) Grow(json.Length);
        json.CopyTo(bytes.AsSpan(length));
        length += json.Length;
    }

    public void Text(ReadOnlySpan<byte> utf8)
    {
        Raw("\""u8);
        while (!Overflowed && !utf8.IsEmpty)
        {
            var plain = 0;
            while (plain < utf8.Length && utf8[plain] >= 0x20 && utf8[plain] is not ((byte)'"' or (byte)'\\')) plain++;
            Raw(utf8[..plain]);
            if (plain == utf8.Length) break;
            Escape(utf8[plain]);
            utf8 = utf8[(plain + 1)..];
        }
        Raw("\""u8);
    }

    public void Int(long value)
    {
        Span<byte> text = stackalloc byte[24];
        Utf8Formatter.TryFormat(value, text, out var written);
        Raw(text[..written]);
    }

    public void Double(double value)
    {
        Span<byte> text = stackalloc byte[32];
        if (double.IsFinite(value) && value.TryFormat(text, out var written, provider: CultureInfo.InvariantCulture))
            Raw(text[..written]);
        else Raw("null"u8);
    }

    public void Scalar(in AnyScalar value)
    {
        switch (value.Kind)
        {
            case AnyKind.String: Text(value.Text); break;
            case AnyKind.Bool: Raw(value.Bits != 0 ? "true"u8 : "false"u8); break;
            case AnyKind.Int: Int(value.Bits); break;
            case AnyKind.Double: Double(BitConverter.Int64BitsToDouble(value.Bits)); break;
            default: Raw("null"u8); break;
        }
    }

    private void Escape(byte character)
    {
        Span<byte> escaped = stackalloc byte[6];
        if (character >= 0x20)
        {
            escaped[0] = (byte)'\\';
            escaped[1] = character;
            Raw(escaped[..2]);
            return;
        }
        "\\u00"u8.CopyTo(escaped);
        escaped[4] = (byte)('0' + (character >> 4));
        escaped[5] = (byte)"0123456789abcdef"[character & 0xF];
        Raw(escaped);
    }

    private void Grow(int count)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(length + count, Math.Max(1024, bytes.Length * 2)));
        Written.CopyTo(larger);
        if (bytes.Length > 0) ArrayPool<byte>.Shared.Return(bytes);
        bytes = larger;
    }
}
