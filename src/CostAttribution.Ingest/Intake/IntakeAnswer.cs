using CostAttribution.Otlp;
using CostAttribution.Otlp.Grpc;

namespace CostAttribution.Ingest.Intake;

/// <summary>What a sender is told, before it is put in the words of a transport.</summary>
/// <param name="Message">For the sender; empty when accepted.</param>
/// <param name="RetryAfter">Set when the same request may be sent again.</param>
internal readonly record struct IntakeAnswer(RefusalReason Refusal, string Message, TimeSpan? RetryAfter,
    RejectedSpanCounts Rejected)
{
    public static IntakeAnswer Refuse(RefusalReason reason, string message, TimeSpan? retryAfter = null) =>
        new(reason, message, retryAfter, default);

    /// <summary>
    /// Of these codes a Collector retries UNAVAILABLE and DEADLINE_EXCEEDED always, RESOURCE_EXHAUSTED only with RetryInfo, and
    /// the others never (https://opentelemetry.io/docs/specs/otlp/#failures).
    /// </summary>
    public GrpcStatus GrpcStatus => Refusal switch
    {
        RefusalReason.None => GrpcStatus.Ok,
        RefusalReason.TooLarge or RefusalReason.TooManySpans or RefusalReason.TooManyRequests or RefusalReason.BodiesOverLimit
            or RefusalReason.PushedBack => GrpcStatus.ResourceExhausted,
        RefusalReason.Unavailable => GrpcStatus.Unavailable,
        RefusalReason.DeadlineExceeded => GrpcStatus.DeadlineExceeded,
        RefusalReason.UnsupportedEncoding or RefusalReason.UnsupportedMediaType or RefusalReason.OtherSignal
            or RefusalReason.OtherMethod or RefusalReason.MessageCount => GrpcStatus.Unimplemented,
        RefusalReason.Internal => GrpcStatus.Internal,
        _ => GrpcStatus.InvalidArgument,
    };

    public int HttpStatus => Refusal switch
    {
        RefusalReason.None => 200,
        RefusalReason.TooLarge or RefusalReason.TooManySpans => 413,
        RefusalReason.TooManyRequests or RefusalReason.BodiesOverLimit or RefusalReason.PushedBack => 429,
        RefusalReason.Unavailable or RefusalReason.DeadlineExceeded => 503,
        RefusalReason.UnsupportedEncoding or RefusalReason.UnsupportedMediaType => 415,
        RefusalReason.OtherSignal => 404,
        RefusalReason.OtherMethod => 405,
        RefusalReason.Internal => 500,
        _ => 400,
    };
}
