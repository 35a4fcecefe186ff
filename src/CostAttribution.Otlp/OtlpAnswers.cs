using System.Text.Json;
using CostAttribution.Otlp.Grpc;
using CostAttribution.Otlp.Protobuf;

namespace CostAttribution.Otlp;

/// <summary>
/// The two messages that go back to a sender, in both encodings: ExportTraceServiceResponse and google.rpc.Status.
/// </summary>
public static class OtlpAnswers
{
    private const string RetryInfoType = "type.googleapis.com/google.rpc.RetryInfo";
    private static readonly byte[] EmptyJson = "{}"u8.ToArray();

    /// <summary>
    /// An ExportTraceServiceResponse. <c>partial_success</c> is left out when nothing was rejected, as the protocol demands
    /// (https://opentelemetry.io/docs/specs/otlp/#partial-success).
    /// </summary>
    public static byte[] Response(in RejectedSpanCounts rejected)
    {
        if (rejected.Total == 0) return [];
        var partial = new MessageWriter().Integer(1, rejected.Total).Text(2, rejected.ToMessage()).ToArray();
        return new MessageWriter().Bytes(1, partial).ToArray();
    }

    public static byte[] ResponseJson(in RejectedSpanCounts rejected)
    {
        if (rejected.Total == 0) return EmptyJson;
        var (count, message) = (rejected.Total, rejected.ToMessage());
        return WriteJson(writer =>
        {
            writer.WriteStartObject("partialSuccess");
            // 64-bit integers are strings in protobuf's JSON mapping.
            writer.WriteString("rejectedSpans", count.ToString(System.Globalization.CultureInfo.InvariantCulture));
            writer.WriteString("errorMessage", message);
            writer.WriteEndObject();
        });
    }

    /// <summary>A google.rpc.Status, with a google.rpc.RetryInfo when the sender should come back.</summary>
    public static byte[] Status(GrpcStatus code, string message, TimeSpan? retryAfter)
    {
        var status = new MessageWriter().Integer(1, (int)code).Text(2, message);
        if (retryAfter is { } delay)
        {
            var nanos = delay.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick;
            var duration = new MessageWriter().Integer(1, delay.Ticks / TimeSpan.TicksPerSecond).Integer(2, nanos).ToArray();
            var retryInfo = new MessageWriter().Bytes(1, duration).ToArray();
            status.Bytes(3, new MessageWriter().Text(1, RetryInfoType).Bytes(2, retryInfo).ToArray());
        }
        return status.ToArray();
    }

    public static byte[] StatusJson(GrpcStatus code, string message) => WriteJson(writer =>
    {
        writer.WriteNumber("code", (int)code);
        writer.WriteString("message", message);
    });

    private static byte[] WriteJson(Action<Utf8JsonWriter> members)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }
        return buffer.ToArray();
    }
}
