using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace CostAttribution.Otlp.Protobuf;

/// <summary>
/// Walks protobuf's wire format (https://protobuf.dev/programming-guides/encoding) over one contiguous message. A fault ends
/// every enclosing loop by itself, since from then on the reader stands at its end; the caller looks at <see cref="Fault"/>
/// once, after the outermost loop.
/// </summary>
internal ref struct WireReader(ReadOnlySpan<byte> message)
{
    public const int Varint = 0, Fixed64 = 1, LengthDelimited = 2, StartGroup = 3, EndGroup = 4, Fixed32 = 5;

    /// <summary>Unknown groups inside each other; the usual limit of protobuf parsers.</summary>
    private const int GroupDepthMax = 100;

    private const int VarintBytesMax = 10;

    private readonly ReadOnlySpan<byte> bytes = message;

    public int Position { get; set; }

    /// <summary>Where the message being read ends.</summary>
    public int End { get; private set; } = message.Length;

    public DecodeErrorReason Fault { get; private set; }
    public int FaultOffset { get; private set; }

    public readonly ReadOnlySpan<byte> Slice(int start, int length) => bytes.Slice(start, length);

    /// <summary>The byte at an offset inside the message being read.</summary>
    public readonly byte At(int offset) => bytes[offset];

    /// <summary>Reads the next field's tag (number × 8 + wire type); false at the end of the message and after a fault.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryReadTag(out uint tag)
    {
        if (Position >= End)
        {
            tag = 0;
            return false;
        }
        var first = bytes[Position];
        if (first is < 0x80 and >= 8)
        {
            Position++;
            tag = first;
            return true;
        }
        return TryReadLongTag(out tag);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong ReadVarint()
    {
        if (Position < End)
        {
            var first = bytes[Position];
            if (first < 0x80)
            {
                Position++;
                return first;
            }
        }
        return ReadLongVarint();
    }

    /// <summary>Reads the length of a nested field and checks that it fits; 0 after a fault.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int ReadLength()
    {
        var length = ReadVarint();
        if (length <= (ulong)(End - Position)) return (int)length;
        Fail(DecodeErrorReason.Truncated);
        return 0;
    }

    /// <summary>Reads a text or bytes field.</summary>
    public ReadOnlySpan<byte> ReadBytes()
    {
        var length = ReadLength();
        var value = bytes.Slice(Position, length);
        Position += length;
        return value;
    }

    public ulong ReadFixed64()
    {
        if (End - Position < 8)
        {
            Fail(DecodeErrorReason.Truncated);
            return 0;
        }
        var value = BinaryPrimitives.ReadUInt64LittleEndian(bytes[Position..]);
        Position += 8;
        return value;
    }

    /// <summary>
    /// Narrows the reader to the nested message whose length comes next; returns what <see cref="Leave"/> needs.
    /// </summary>
    public int Enter()
    {
        var outerEnd = End;
        var length = ReadLength();
        if (Fault == DecodeErrorReason.None) End = Position + length;
        return outerEnd;
    }

    /// <summary>Moves past the nested message.</summary>
    public void Leave(int outerEnd)
    {
        if (Fault != DecodeErrorReason.None) return;
        Position = End;
        End = outerEnd;
    }

    public void Skip(uint tag)
    {
        switch (tag & 7)
        {
            case Varint: ReadVarint(); break;
            case Fixed64: Advance(8); break;
            case LengthDelimited: Advance(ReadLength()); break;
            case Fixed32: Advance(4); break;
            case StartGroup: SkipGroup(tag); break;
            case EndGroup: Fail(DecodeErrorReason.BadGroup); break;
            default: Fail(DecodeErrorReason.BadTag); break;
        }
    }

    public void Fail(DecodeErrorReason reason)
    {
        if (Fault == DecodeErrorReason.None)
        {
            Fault = reason;
            FaultOffset = Position;
        }
        End = Position;
    }

    private void Advance(int count)
    {
        if (End - Position < count) Fail(DecodeErrorReason.Truncated);
        else Position += count;
    }

    private bool TryReadLongTag(out uint tag)
    {
        var value = ReadVarint();
        if (Fault == DecodeErrorReason.None && (value > uint.MaxValue || value >> 3 == 0)) Fail(DecodeErrorReason.BadTag);
        tag = (uint)value;
        return Fault == DecodeErrorReason.None;
    }

    private ulong ReadLongVarint()
    {
        ulong value = 0;
        for (var i = 0; i < VarintBytesMax; i++)
        {
            var offset = Position + i;
            if (offset >= End)
            {
                Fail(DecodeErrorReason.Truncated);
                return 0;
            }
            value |= (ulong)(bytes[offset] & 0x7F) << (7 * i);
            if (bytes[offset] >= 0x80) continue;
            Position = offset + 1;
            return value;
        }
        Fail(DecodeErrorReason.BadVarint);
        return 0;
    }

    // Iterative, so that hostile nesting costs no stack.
    private void SkipGroup(uint startTag)
    {
        Span<uint> open = stackalloc uint[GroupDepthMax];
        open[0] = startTag >> 3;
        var depth = 1;
        while (depth > 0)
        {
            if (!TryReadTag(out var tag))
            {
                Fail(DecodeErrorReason.BadGroup);
                return;
            }
            switch (tag & 7)
            {
                case StartGroup when depth == GroupDepthMax:
                    Fail(DecodeErrorReason.TooDeep);
                    return;
                case StartGroup:
                    open[depth++] = tag >> 3;
                    break;
                case EndGroup when open[depth - 1] != tag >> 3:
                    Fail(DecodeErrorReason.BadGroup);
                    return;
                case EndGroup:
                    depth--;
                    break;
                default:
                    Skip(tag);
                    break;
            }
        }
    }
}
