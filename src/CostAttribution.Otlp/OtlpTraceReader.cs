using System.Buffers;
using CostAttribution.Domain.Tracing;
using CostAttribution.Otlp.Json;
using CostAttribution.Otlp.Protobuf;

namespace CostAttribution.Otlp;

/// <summary>
/// Decodes OTLP trace requests straight into span batches: no message objects, and no text but that of kept values. What it
/// allocates is bounded by a small multiple of the request's length. Reusable, not thread-safe; see
/// <see cref="OtlpReaderPool"/>.
/// </summary>
public sealed class OtlpTraceReader : IDisposable
{
    private readonly SpanBatchBuilder builder;
    private readonly TraceRequestReader protobuf;
    private readonly JsonTraceReader json;

    public OtlpTraceReader(AttributeKeyTable keys, OtlpLimits limits)
    {
        builder = new SpanBatchBuilder(keys, limits.Tracing);
        protobuf = new TraceRequestReader(builder, limits);
        json = new JsonTraceReader(builder, limits);
    }

    /// <summary>The keys that are kept.</summary>
    public AttributeKeyTable Keys => builder.Keys;

    internal int LargestRequestBytes { get; private set; }

    /// <summary>Reads a protobuf <c>ExportTraceServiceRequest</c>.</summary>
    /// <param name="receivedNanos">Arrival in nanoseconds since the Unix epoch, written to every span.</param>
    public DecodeResult ReadProtobuf(ReadOnlySpan<byte> request, ulong receivedNanos)
    {
        Begin(request.Length);
        var error = protobuf.Read(request, receivedNanos, out var rejected);
        return Finish(error, rejected);
    }

    /// <summary>Reads a protobuf request; one in several segments is copied together first.</summary>
    public DecodeResult ReadProtobuf(in ReadOnlySequence<byte> request, ulong receivedNanos)
    {
        if (request.IsSingleSegment) return ReadProtobuf(request.FirstSpan, receivedNanos);
        var copy = Flatten(request, out var length);
        try
        {
            return ReadProtobuf(copy.AsSpan(0, length), receivedNanos);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(copy);
        }
    }

    /// <summary>
    /// Reads the same message in OTLP's JSON mapping: ids in hexadecimal, enums as numbers (names are accepted).
    /// </summary>
    public DecodeResult ReadJson(ReadOnlySpan<byte> request, ulong receivedNanos)
    {
        Begin(request.Length);
        var error = json.Read(request, receivedNanos, out var rejected);
        return Finish(error, rejected);
    }

    /// <summary>Reads a JSON request; one in several segments is copied together first.</summary>
    public DecodeResult ReadJson(in ReadOnlySequence<byte> request, ulong receivedNanos)
    {
        if (request.IsSingleSegment) return ReadJson(request.FirstSpan, receivedNanos);
        var copy = Flatten(request, out var length);
        try
        {
            return ReadJson(copy.AsSpan(0, length), receivedNanos);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(copy);
        }
    }

    public void Dispose() => builder.Dispose();

    private void Begin(int requestBytes)
    {
        LargestRequestBytes = Math.Max(LargestRequestBytes, requestBytes);
        builder.Reset();
    }

    private DecodeResult Finish(DecodeError? error, RejectedSpanCounts rejected)
    {
        if (error is null) return new DecodeResult(builder.Build(), rejected, null);
        builder.Reset();
        return new DecodeResult(null, default, error);
    }

    private static byte[] Flatten(in ReadOnlySequence<byte> request, out int length)
    {
        length = checked((int)request.Length);
        var copy = ArrayPool<byte>.Shared.Rent(length);
        request.CopyTo(copy);
        return copy;
    }
}
