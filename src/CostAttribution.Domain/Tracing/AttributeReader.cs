using System.Buffers.Binary;

namespace CostAttribution.Domain.Tracing;

/// <summary>Walks encoded attributes; usable in <c>foreach</c>.</summary>
public ref struct AttributeReader
{
    private ReadOnlySpan<byte> rest;
    private int left;

    internal AttributeReader(ReadOnlySpan<byte> encoded, int count)
    {
        rest = encoded;
        left = count;
    }

    public AttributeValue Current { get; private set; }

    public readonly AttributeReader GetEnumerator() => this;

    public bool MoveNext()
    {
        if (left == 0) return false;
        left--;
        var key = BinaryPrimitives.ReadUInt16LittleEndian(rest);
        var type = (AttributeType)rest[2];
        rest = rest[3..];
        switch (type)
        {
            case AttributeType.String:
                int length = BinaryPrimitives.ReadUInt16LittleEndian(rest);
                Current = new AttributeValue(key, type, 0, rest.Slice(2, length));
                rest = rest[(2 + length)..];
                break;
            case AttributeType.Bool:
                Current = new AttributeValue(key, type, rest[0], default);
                rest = rest[1..];
                break;
            default:
                Current = new AttributeValue(key, type, BinaryPrimitives.ReadInt64LittleEndian(rest), default);
                rest = rest[8..];
                break;
        }
        return true;
    }
}
