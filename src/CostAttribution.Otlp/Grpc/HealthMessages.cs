using CostAttribution.Otlp.Protobuf;

namespace CostAttribution.Otlp.Grpc;

/// <summary>The messages of <c>grpc.health.v1</c>.</summary>
public static class HealthMessages
{
    private const uint ServiceTag = 1 << 3 | WireReader.LengthDelimited;
    private const int Serving = 1, NotServing = 2;

    /// <summary>Reads a HealthCheckRequest; the service asked for, empty for the server as a whole.</summary>
    public static bool TryReadService(ReadOnlySpan<byte> message, out string service)
    {
        var reader = new WireReader(message);
        service = "";
        while (reader.TryReadTag(out var tag))
        {
            if (tag == ServiceTag) service = System.Text.Encoding.UTF8.GetString(reader.ReadBytes());
            else reader.Skip(tag);
        }
        return reader.Fault == DecodeErrorReason.None;
    }

    /// <summary>A HealthCheckResponse.</summary>
    public static byte[] Response(bool isServing) => new MessageWriter().Integer(1, isServing ? Serving : NotServing).ToArray();
}
