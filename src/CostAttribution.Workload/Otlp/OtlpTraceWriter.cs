using System.Buffers.Binary;
using System.Text;

namespace CostAttribution.Workload.Otlp;

/// <summary>
/// Writes one <c>ExportTraceServiceRequest</c> as protobuf bytes, in the order the message is nested: resource, scope, span,
/// attributes. Lengths are minimal varints: a message is written after one reserved byte and moved when it turns out longer.
/// The buffer is kept between requests. Not safe for concurrent use.
/// </summary>
/// <remarks>Field numbers: the public OTLP definition (trace/v1, common/v1, resource/v1).</remarks>
public sealed class OtlpTraceWriter(int initialBytes = 64 * 1024)
{
    private byte[] _buffer = new byte[Math.Max(initialBytes, 256)];
    private int _length;
    private int _resourceAt = -1;
    private int _resourceAttributesAt = -1;
    private int _scopeAt = -1;
    private int _spanAt = -1;

    /// <summary>Spans written since the last <see cref="Clear"/>.</summary>
    public int Spans { get; private set; }

    /// <summary>The request so far; complete only when no resource is open. Valid until the next write.</summary>
    public ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, _length);

    public int WrittenBytes => _length;

    /// <summary>Forgets what was written and keeps the buffer.</summary>
    public void Clear()
    {
        _length = 0;
        Spans = 0;
        _resourceAt = _resourceAttributesAt = _scopeAt = _spanAt = -1;
    }

    /// <summary>A copy of the request.</summary>
    public byte[] ToArray() => _buffer.AsSpan(0, _length).ToArray();

    /// <summary>Opens <c>ResourceSpans</c>; attributes written before the first scope are the resource's.</summary>
    public void BeginResource()
    {
        Expect(_resourceAt < 0);
        _resourceAt = Begin(1);
        _resourceAttributesAt = Begin(1);
    }

    public void BeginScope(ReadOnlySpan<char> name, ReadOnlySpan<char> version)
    {
        Expect(_resourceAt >= 0 && _scopeAt < 0);
        CloseResourceAttributes();
        _scopeAt = Begin(2);
        var scope = Begin(1);
        WriteText(1, name);
        if (!version.IsEmpty) WriteText(2, version);
        End(scope);
    }

    /// <summary>Opens a span. Ids are big-endian on the wire; a parent of 0 makes a root.</summary>
    public void BeginSpan(UInt128 traceId, ulong spanId, ulong parentSpanId, ReadOnlySpan<char> name, SpanKind kind,
        long startUnixNanos, long endUnixNanos)
    {
        Expect(_scopeAt >= 0 && _spanAt < 0);
        _spanAt = Begin(2);
        Reserve(64);
        WriteIds(traceId, spanId);
        if (parentSpanId != 0)
        {
            _buffer[_length++] = 4 << 3 | 2;
            _buffer[_length++] = 8;
            BinaryPrimitives.WriteUInt64BigEndian(_buffer.AsSpan(_length), parentSpanId);
            _length += 8;
        }
        WriteText(5, name);
        Reserve(32);
        WriteTag(6, 0);
        WriteVarint((ulong)kind);
        WriteFixed64(7, (ulong)startUnixNanos);
        WriteFixed64(8, (ulong)endUnixNanos);
    }

    /// <summary>A link to another span, of this trace or another.</summary>
    public void Link(UInt128 traceId, ulong spanId)
    {
        Expect(_spanAt >= 0);
        var link = Begin(13);
        Reserve(32);
        WriteIds(traceId, spanId);
        End(link);
    }

    public void EndSpan(StatusCode status, ReadOnlySpan<char> message)
    {
        Expect(_spanAt >= 0);
        if (status != StatusCode.Unset)
        {
            var at = Begin(15);
            if (!message.IsEmpty) WriteText(2, message);
            Reserve(8);
            WriteTag(3, 0);
            WriteVarint((ulong)status);
            End(at);
        }
        End(_spanAt);
        _spanAt = -1;
        Spans++;
    }

    /// <summary>Closes <c>ScopeSpans</c>; the schema URL is the one the instrumentation declares.</summary>
    public void EndScope(ReadOnlySpan<char> schemaUrl)
    {
        Expect(_scopeAt >= 0 && _spanAt < 0);
        if (!schemaUrl.IsEmpty) WriteText(3, schemaUrl);
        End(_scopeAt);
        _scopeAt = -1;
    }

    public void EndResource()
    {
        Expect(_resourceAt >= 0 && _scopeAt < 0);
        CloseResourceAttributes();
        End(_resourceAt);
        _resourceAt = -1;
    }

    public void Attribute(ReadOnlySpan<char> key, ReadOnlySpan<char> value)
    {
        var at = BeginAttribute(key);
        WriteText(1, value);
        EndAttribute(at);
    }

    /// <summary>Text that is UTF-8 already.</summary>
    public void AttributeUtf8(ReadOnlySpan<char> key, ReadOnlySpan<byte> value)
    {
        var at = BeginAttribute(key);
        Reserve(value.Length + 12);
        WriteTag(1, 2);
        WriteVarint((ulong)value.Length);
        value.CopyTo(_buffer.AsSpan(_length));
        _length += value.Length;
        EndAttribute(at);
    }

    public void Attribute(ReadOnlySpan<char> key, long value)
    {
        var at = BeginAttribute(key);
        Reserve(16);
        WriteTag(3, 0);
        WriteVarint((ulong)value);
        EndAttribute(at);
    }

    public void Attribute(ReadOnlySpan<char> key, bool value)
    {
        var at = BeginAttribute(key);
        Reserve(16);
        WriteTag(2, 0);
        WriteVarint(value ? 1UL : 0UL);
        EndAttribute(at);
    }

    public void Attribute(ReadOnlySpan<char> key, double value)
    {
        var at = BeginAttribute(key);
        Reserve(16);
        _buffer[_length++] = 4 << 3 | 1;
        BinaryPrimitives.WriteDoubleLittleEndian(_buffer.AsSpan(_length), value);
        _length += 8;
        EndAttribute(at);
    }

    public void Attribute(ReadOnlySpan<char> key, ReadOnlySpan<string> values)
    {
        var at = BeginAttribute(key);
        var array = Begin(5);
        foreach (var value in values)
        {
            var item = Begin(1);
            WriteText(1, value);
            End(item);
        }
        End(array);
        EndAttribute(at);
    }

    private (int Pair, int Value) BeginAttribute(ReadOnlySpan<char> key)
    {
        Expect(_spanAt >= 0 || _resourceAttributesAt >= 0);
        var pair = Begin(_spanAt >= 0 ? 9 : 1);
        WriteText(1, key);
        return (pair, Begin(2));
    }

    private void EndAttribute((int Pair, int Value) at)
    {
        End(at.Value);
        End(at.Pair);
    }

    private void CloseResourceAttributes()
    {
        if (_resourceAttributesAt < 0) return;
        End(_resourceAttributesAt);
        _resourceAttributesAt = -1;
    }

    private void WriteIds(UInt128 traceId, ulong spanId)
    {
        _buffer[_length++] = 1 << 3 | 2;
        _buffer[_length++] = 16;
        BinaryPrimitives.WriteUInt128BigEndian(_buffer.AsSpan(_length), traceId);
        _length += 16;
        _buffer[_length++] = 2 << 3 | 2;
        _buffer[_length++] = 8;
        BinaryPrimitives.WriteUInt64BigEndian(_buffer.AsSpan(_length), spanId);
        _length += 8;
    }

    private void WriteText(int field, ReadOnlySpan<char> text)
    {
        Reserve(Encoding.UTF8.GetMaxByteCount(text.Length) + 12);
        WriteTag(field, 2);
        // Names and keys are short and ASCII: the length then fits the one byte that is left for it.
        var lengthAt = _length++;
        var bytes = Encoding.UTF8.GetBytes(text, _buffer.AsSpan(_length));
        if (bytes < 0x80)
        {
            _buffer[lengthAt] = (byte)bytes;
            _length += bytes;
            return;
        }
        _length += bytes;
        WidenLength(lengthAt, bytes);
    }

    private int Begin(int field)
    {
        Reserve(8);
        WriteTag(field, 2);
        return ++_length;
    }

    private void End(int start)
    {
        var bytes = _length - start;
        if (bytes < 0x80) _buffer[start - 1] = (byte)bytes;
        else WidenLength(start - 1, bytes);
    }

    private void WidenLength(int lengthAt, int bytes)
    {
        var width = VarintWidth((uint)bytes);
        Reserve(width);
        _buffer.AsSpan(lengthAt + 1, bytes).CopyTo(_buffer.AsSpan(lengthAt + width));
        var end = lengthAt + width + bytes;
        _length = lengthAt;
        WriteVarint((ulong)bytes);
        _length = end;
    }

    private static int VarintWidth(uint value)
    {
        var width = 1;
        for (; value >= 0x80; value >>= 7) width++;
        return width;
    }

    private void WriteTag(int field, int wireType) => WriteVarint((ulong)(field << 3 | wireType));

    private void WriteFixed64(int field, ulong value)
    {
        _buffer[_length++] = (byte)(field << 3 | 1);
        BinaryPrimitives.WriteUInt64LittleEndian(_buffer.AsSpan(_length), value);
        _length += 8;
    }

    private void WriteVarint(ulong value)
    {
        for (; value >= 0x80; value >>= 7) _buffer[_length++] = (byte)(value | 0x80);
        _buffer[_length++] = (byte)value;
    }

    private void Reserve(int bytes)
    {
        if (_buffer.Length - _length >= bytes) return;
        Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + bytes));
    }

    private static void Expect(bool inOrder)
    {
        if (!inOrder) throw new InvalidOperationException("resource, scope and span must be opened and closed in nesting order");
    }
}
