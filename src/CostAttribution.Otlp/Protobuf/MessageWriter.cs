namespace CostAttribution.Otlp.Protobuf;

/// <summary>Appends protobuf fields to a list of bytes; for the small answers, not for anything hot.</summary>
internal sealed class MessageWriter
{
    private readonly List<byte> bytes = [];

    public byte[] ToArray() => [.. bytes];

    public MessageWriter Integer(int field, long value)
    {
        if (value == 0) return this;
        Varint((ulong)field << 3);
        Varint(unchecked((ulong)value));
        return this;
    }

    public MessageWriter Bytes(int field, ReadOnlySpan<byte> value)
    {
        Varint((ulong)field << 3 | WireReader.LengthDelimited);
        Varint((ulong)value.Length);
        bytes.AddRange(value);
        return this;
    }

    public MessageWriter Text(int field, string value) =>
        value.Length == 0 ? this : Bytes(field, System.Text.Encoding.UTF8.GetBytes(value));

    private void Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7) bytes.Add((byte)(value | 0x80));
        bytes.Add((byte)value);
    }
}
