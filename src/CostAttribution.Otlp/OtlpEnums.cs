using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Tracing;

namespace CostAttribution.Otlp;

/// <summary>OTLP's numbers as the domain's words; numbers that the protocol does not define count as unset.</summary>
internal static class OtlpEnums
{
    public static SpanKind ToKind(int number) =>
        number is >= 0 and <= (int)SpanKind.Consumer ? (SpanKind)number : SpanKind.Unspecified;

    public static SpanStatus ToStatus(int number) =>
        number is >= 0 and <= (int)SpanStatus.Error ? (SpanStatus)number : SpanStatus.Unset;

    public static SpanKind ToKind(ReadOnlySpan<byte> name)
    {
        if (name.SequenceEqual("SPAN_KIND_INTERNAL"u8)) return SpanKind.Internal;
        if (name.SequenceEqual("SPAN_KIND_SERVER"u8)) return SpanKind.Server;
        if (name.SequenceEqual("SPAN_KIND_CLIENT"u8)) return SpanKind.Client;
        if (name.SequenceEqual("SPAN_KIND_PRODUCER"u8)) return SpanKind.Producer;
        return name.SequenceEqual("SPAN_KIND_CONSUMER"u8) ? SpanKind.Consumer : SpanKind.Unspecified;
    }

    public static SpanStatus ToStatus(ReadOnlySpan<byte> name)
    {
        if (name.SequenceEqual("STATUS_CODE_OK"u8)) return SpanStatus.Ok;
        return name.SequenceEqual("STATUS_CODE_ERROR"u8) ? SpanStatus.Error : SpanStatus.Unset;
    }

    /// <summary>A link counts when both ids have their length and are not all zero.</summary>
    public static bool IsValidLink(ReadOnlySpan<byte> traceId, ReadOnlySpan<byte> spanId) =>
        traceId.Length == TraceId.Bytes && spanId.Length == SpanId.Bytes &&
        traceId.ContainsAnyExcept((byte)0) && spanId.ContainsAnyExcept((byte)0);
}
