using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace CostAttribution.Workload.Sending;

/// <summary>What one try of an export brought back.</summary>
internal readonly record struct GrpcAnswer(GrpcStatusCode Status, string Message, TimeSpan? RetryAfter, long RejectedSpans)
{
    private const string RetryInfoType = "type.googleapis.com/google.rpc.RetryInfo";

    /// <summary>
    /// The OTLP specification's table: these may be tried again, and resource exhaustion only when the server says when.
    /// </summary>
    public bool MayRetry => Status switch
    {
        GrpcStatusCode.Cancelled or GrpcStatusCode.DeadlineExceeded or GrpcStatusCode.Aborted or GrpcStatusCode.OutOfRange
            or GrpcStatusCode.Unavailable or GrpcStatusCode.DataLoss => true,
        GrpcStatusCode.ResourceExhausted => RetryAfter is not null,
        _ => false,
    };

    public static GrpcAnswer From(HttpResponseMessage response, ReadOnlySpan<byte> body)
    {
        // A refusal without a body has its status among the headers instead of the trailers.
        var status = Value(response.TrailingHeaders, "grpc-status") ?? Value(response.Headers, "grpc-status");
        if (status is null) return FromHttp(response.StatusCode);
        var message = Value(response.TrailingHeaders, "grpc-message") ?? Value(response.Headers, "grpc-message") ?? "";
        if (!int.TryParse(status, NumberStyles.None, CultureInfo.InvariantCulture, out var code) || code > 16)
        {
            return new GrpcAnswer(GrpcStatusCode.Unknown, $"the answer has the status '{status}'", null, 0);
        }
        if (code != 0)
        {
            var details = Value(response.TrailingHeaders, "grpc-status-details-bin")
                ?? Value(response.Headers, "grpc-status-details-bin");
            return new GrpcAnswer((GrpcStatusCode)code, Uri.UnescapeDataString(message), RetryDelay(details), 0);
        }
        return body.Length >= 5
            ? Accepted(body[5..])
            : new GrpcAnswer(GrpcStatusCode.Internal, "the answer says ok and has no message", null, 0);
    }

    /// <summary>The delay in a base64 <c>google.rpc.Status</c>; null when it holds no <c>RetryInfo</c>.</summary>
    internal static TimeSpan? RetryDelay(string? detailsBase64)
    {
        if (string.IsNullOrEmpty(detailsBase64)) return null;
        var padded = detailsBase64.TrimEnd('=');
        padded = padded.PadRight((padded.Length + 3) / 4 * 4, '=');
        var bytes = new byte[padded.Length];
        if (!Convert.TryFromBase64String(padded, bytes, out var length)) return null;
        var status = new WireReader(bytes.AsSpan(0, length));
        while (status.Read())
        {
            if (status.Field != 3) continue;
            var any = new WireReader(status.Bytes);
            var isRetryInfo = false;
            while (any.Read())
            {
                if (any.Field == 1) isRetryInfo = Encoding.UTF8.GetString(any.Bytes) == RetryInfoType;
                else if (any.Field == 2 && isRetryInfo) return DelayIn(any.Bytes);
            }
            if (isRetryInfo) return TimeSpan.Zero;
        }
        return null;
    }

    private static TimeSpan DelayIn(ReadOnlySpan<byte> retryInfo)
    {
        var delay = TimeSpan.Zero;
        var info = new WireReader(retryInfo);
        while (info.Read())
        {
            if (info.Field != 1) continue;
            var duration = new WireReader(info.Bytes);
            while (duration.Read())
            {
                // Beyond a day the exact figure is of no use, and the sender's own limit is far below it.
                if (duration.Field == 1) delay += TimeSpan.FromSeconds(Math.Clamp((long)duration.Number, 0, 86_400));
                if (duration.Field == 2) delay += TimeSpan.FromTicks(Math.Clamp((long)duration.Number, 0, 999_999_999) / 100);
            }
        }
        return delay;
    }

    private static GrpcAnswer Accepted(ReadOnlySpan<byte> message)
    {
        var rejected = 0L;
        var words = "";
        var response = new WireReader(message);
        while (response.Read())
        {
            if (response.Field != 1) continue;
            var partial = new WireReader(response.Bytes);
            while (partial.Read())
            {
                if (partial.Field == 1) rejected = (long)partial.Number;
                else if (partial.Field == 2) words = Encoding.UTF8.GetString(partial.Bytes);
            }
        }
        return new GrpcAnswer(GrpcStatusCode.Ok, words, null, rejected);
    }

    // The gRPC specification's mapping for answers that come from something that is not a gRPC server.
    private static GrpcAnswer FromHttp(HttpStatusCode http) => new(http switch
    {
        HttpStatusCode.OK => GrpcStatusCode.Unknown,
        HttpStatusCode.BadRequest => GrpcStatusCode.Internal,
        HttpStatusCode.Unauthorized => GrpcStatusCode.Unauthenticated,
        HttpStatusCode.Forbidden => GrpcStatusCode.PermissionDenied,
        HttpStatusCode.NotFound => GrpcStatusCode.Unimplemented,
        HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable
            or HttpStatusCode.GatewayTimeout => GrpcStatusCode.Unavailable,
        _ => GrpcStatusCode.Unknown,
    }, $"the answer has no grpc-status; http status {(int)http}", null, 0);

    private static string? Value(HttpHeaders headers, string name) =>
        headers.TryGetValues(name, out var values) ? string.Join(',', values) : null;
}
