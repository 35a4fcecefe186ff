namespace CostAttribution.Otlp.Grpc;

/// <summary>gRPC status codes that this server gives (https://grpc.io/docs/guides/status-codes).</summary>
public enum GrpcStatus : byte
{
    Ok = 0,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    ResourceExhausted = 8,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
}
