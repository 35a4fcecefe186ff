using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Unicode;
using CostAttribution.Domain.Identity;

namespace CostAttribution.ClickHouse.Native;

/// <summary>A <c>String</c> column: per value a length as a variable-width integer, then UTF-8 (or any) bytes.</summary>
public sealed class StringColumn() : NativeColumn("String")
{
    private readonly PooledList<byte> bytes = new();
    private int rows;

    public override int Rows => rows;

    public void Append(string value)
    {
        rows++;
        // Most values are short: one length byte, written once the UTF-8 length is known.
        if (value.Length <= 42)
        {
            var room = bytes.Extend(1 + 3 * value.Length);
            Utf8.FromUtf16(value, room[1..], out _, out var written);
            room[0] = (byte)written;
            bytes.Shrink(room.Length - 1 - written);
            return;
        }
        var length = Encoding.UTF8.GetByteCount(value);
        AppendLength((uint)length);
        Encoding.UTF8.GetBytes(value, bytes.Extend(length));
    }

    public void Append(ReadOnlySpan<byte> value)
    {
        rows++;
        AppendLength((uint)value.Length);
        value.CopyTo(bytes.Extend(value.Length));
    }

    /// <summary>32 lower-case hexadecimal digits.</summary>
    public void Append(TraceId id)
    {
        rows++;
        var room = bytes.Extend(33);
        room[0] = 32;
        WriteHex(id.High, room.Slice(1, 16));
        WriteHex(id.Low, room.Slice(17, 16));
    }

    /// <summary>16 lower-case hexadecimal digits, or the empty string for "none".</summary>
    public void Append(SpanId id)
    {
        rows++;
        if (id.IsZero)
        {
            bytes.Add(0);
            return;
        }
        var room = bytes.Extend(17);
        room[0] = 16;
        WriteHex(id.Value, room[1..]);
    }

    public override void Clear()
    {
        bytes.Clear();
        rows = 0;
    }

    public override void Dispose()
    {
        bytes.Dispose();
        rows = 0;
    }

    protected internal override void WriteData(IBufferWriter<byte> output) => bytes.WriteTo(output);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteHex(ulong value, Span<byte> sixteen)
    {
        var digits = "0123456789abcdef"u8;
        for (var i = 15; i >= 0; i--, value >>= 4) sixteen[i] = digits[(int)(value & 15)];
    }

    private void AppendLength(uint length)
    {
        for (; length >= 0x80; length >>= 7) bytes.Add((byte)(length | 0x80));
        bytes.Add((byte)length);
    }
}
