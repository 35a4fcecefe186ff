namespace CostAttribution.Workload.Sending;

/// <summary>gRPC status codes by their number on the wire.</summary>
public enum GrpcStatusCode
{
    Ok = 0,
    Cancelled = 1,
    Unknown = 2,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    AlreadyExists = 6,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Aborted = 10,
    OutOfRange = 11,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    DataLoss = 15,
    Unauthenticated = 16,
}

/// <summary>How an export ended that was accepted.</summary>
/// <param name="RejectedSpans">Spans the server refused by <c>partial_success</c>.</param>
/// <param name="Message">The server's words about the rejected spans; may be empty.</param>
/// <param name="Attempts">1 when the first try was accepted.</param>
public readonly record struct GrpcExportResult(long RejectedSpans, string Message, int Attempts);

/// <summary>A request was not accepted: for good, or the allowed attempts are used up. Its spans are not in the server.</summary>
public sealed class GrpcExportException(GrpcStatusCode status, string message, int attempts, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary><see cref="GrpcStatusCode.Unavailable"/> when the server could not be reached.</summary>
    public GrpcStatusCode Status { get; } = status;

    public int Attempts { get; } = attempts;
}
