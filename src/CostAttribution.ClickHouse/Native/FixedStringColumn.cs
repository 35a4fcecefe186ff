using System.Buffers;
using System.Buffers.Binary;

namespace CostAttribution.ClickHouse.Native;

/// <summary>A <c>FixedString(N)</c> column.</summary>
public sealed class FixedStringColumn(int width) : NativeColumn($"FixedString({width})")
{
    private readonly PooledList<byte> bytes = new();

    public override int Rows => bytes.Count / width;

    /// <param name="value">Exactly as many bytes as the column is wide.</param>
    public void Append(ReadOnlySpan<byte> value)
    {
        if (value.Length != width) throw new ArgumentException($"{value.Length} bytes given for a column of {width}",
            nameof(value));
        value.CopyTo(bytes.Extend(width));
    }

    /// <summary>16 bytes, big-endian, so that hexadecimal text of the number and of the bytes agree.</summary>
    public void Append(UInt128 value)
    {
        if (width != 16) throw new InvalidOperationException($"a 16-byte value given for a column of {width}");
        BinaryPrimitives.WriteUInt128BigEndian(bytes.Extend(16), value);
    }

    public override void Clear() => bytes.Clear();

    public override void Dispose() => bytes.Dispose();

    protected internal override void WriteData(IBufferWriter<byte> output) => bytes.WriteTo(output);
}
