using System.Buffers;
using System.Buffers.Binary;
using CostAttribution.Otlp;
using CostAttribution.Otlp.Grpc;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace CostAttribution.Ingest.Intake;

/// <summary>The gRPC port: <c>TraceService/Export</c> and <c>Health/Check</c>, unary, over Kestrel's HTTP/2.</summary>
internal sealed class OtlpGrpcEndpoint(TraceRequests requests)
{
    private const string TraceService = "opentelemetry.proto.collector.trace.v1.TraceService";
    private const string ExportPath = "/" + TraceService + "/Export";
    private const string HealthCheckPath = "/grpc.health.v1.Health/Check";
    private const string ContentType = "application/grpc";

    private static readonly byte[] EmptyFrame = GrpcWire.Frame([]);

    public async Task HandleAsync(HttpContext context)
    {
        try
        {
            if (!await TryRefuseFormAsync(context).ConfigureAwait(false)) await HandleCallAsync(context).ConfigureAwait(false);
        }
        catch (Exception fault) when (context.RequestAborted.IsCancellationRequested || fault is IOException)
        {
            requests.Metrics.Refused(RefusalReason.Aborted);
        }
        catch (Exception fault)
        {
            IntakeLog.RequestFault(requests.Logger, context.Request.Path, fault);
            if (!context.Response.HasStarted) Refuse(context, requests.Explain(RefusalReason.Internal));
        }
    }

    // What is not gRPC at all is answered in plain HTTP.
    private async ValueTask<bool> TryRefuseFormAsync(HttpContext context)
    {
        var type = context.Request.ContentType ?? "";
        var end = type.IndexOf(';', StringComparison.Ordinal);
        var media = (end < 0 ? type : type[..end]).Trim();
        var isGrpc = media.Equals(ContentType, StringComparison.OrdinalIgnoreCase)
            || media.Equals("application/grpc+proto", StringComparison.OrdinalIgnoreCase);
        if (isGrpc && HttpMethods.IsPost(context.Request.Method)) return false;

        requests.Metrics.Refused(isGrpc ? RefusalReason.OtherMethod : RefusalReason.UnsupportedMediaType);
        context.Response.StatusCode = isGrpc ? StatusCodes.Status405MethodNotAllowed : StatusCodes.Status415UnsupportedMediaType;
        if (isGrpc) context.Response.Headers.Allow = "POST";
        context.Response.ContentType = "text/plain";
        await context.Response
            .WriteAsync("this port speaks OTLP over gRPC (content type application/grpc); OTLP over HTTP has a port of its own")
            .ConfigureAwait(false);
        return true;
    }

    private async Task HandleCallAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        var isExport = path == ExportPath;
        if (!isExport && path != HealthCheckPath)
        {
            Refuse(context, DescribeOther(path));
            return;
        }
        CancellationTokenSource? deadline = null;
        if (context.Request.Headers.TryGetValue("grpc-timeout", out var text))
        {
            if (!GrpcWire.TryParseTimeout(text.ToString(), out var timeout))
            {
                Refuse(context, IntakeAnswer.Refuse(RefusalReason.Malformed, "the grpc-timeout header is malformed"));
                return;
            }
            deadline = new CancellationTokenSource(timeout, requests.Clock);
        }
        // One token for both ends of patience.
        using var owned = deadline;
        using var aborted = deadline is null
            ? default
            : context.RequestAborted.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), deadline);
        var cancel = deadline?.Token ?? context.RequestAborted;
        try
        {
            if (isExport) await ExportAsync(context, cancel).ConfigureAwait(false);
            else await CheckHealthAsync(context, cancel).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested
            && !context.RequestAborted.IsCancellationRequested)
        {
            Refuse(context, requests.Explain(RefusalReason.DeadlineExceeded));
        }
    }

    private static IntakeAnswer DescribeOther(string path)
    {
        if (path.StartsWith("/opentelemetry.proto.collector.", StringComparison.Ordinal)
            && !path.StartsWith("/" + TraceService, StringComparison.Ordinal))
        {
            return IntakeAnswer.Refuse(RefusalReason.OtherSignal,
                "only traces are accepted here; send metrics, logs and profiles to another endpoint");
        }
        return IntakeAnswer.Refuse(RefusalReason.OtherMethod, $"there is no unary method {path[..Math.Min(path.Length, 200)]}");
    }

    private async Task ExportAsync(HttpContext context, CancellationToken cancel)
    {
        if (requests.TryBegin() is { } refusal)
        {
            Refuse(context, refusal);
            return;
        }
        try
        {
            var answer = await TakeAsync(context, cancel).ConfigureAwait(false);
            if (answer.Refusal != RefusalReason.None) Refuse(context, answer);
            else if (answer.Rejected.Total == 0) await ReplyAsync(context, EmptyFrame).ConfigureAwait(false);
            else await ReplyAsync(context, GrpcWire.Frame(OtlpAnswers.Response(answer.Rejected))).ConfigureAwait(false);
        }
        finally
        {
            requests.Metrics.End();
        }
    }

    private async ValueTask<IntakeAnswer> TakeAsync(HttpContext context, CancellationToken cancel)
    {
        ValueTask<IntakeAnswer> answer;
        using (var message = new BodyBuffer(requests.Metrics, requests.Options))
        {
            var fault = await ReadMessageAsync(context, message, cancel).ConfigureAwait(false);
            if (fault is { } refusal) return refusal;
            answer = requests.TakeAsync(message, isJson: false, cancel);
        }
        return await answer.ConfigureAwait(false);
    }

    /// <summary>
    /// Reads the call's one message into <paramref name="message"/>, decompressed; an answer when it cannot be.
    /// </summary>
    private async ValueTask<IntakeAnswer?> ReadMessageAsync(HttpContext context, BodyBuffer message, CancellationToken cancel)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
        var encoding = context.Request.Headers["grpc-encoding"].ToString();
        using var compressed = new BodyBuffer(requests.Metrics, requests.Options);
        var target = message;
        var left = -1L;
        var body = context.Request.BodyReader;
        while (true)
        {
            var read = await body.ReadAsync(cancel).ConfigureAwait(false);
            var buffer = read.Buffer;
            IntakeAnswer? refusal = null;
            if (left < 0 && buffer.Length >= GrpcWire.FrameHeadBytes)
            {
                left = ReadHead(buffer, out var flag);
                refusal = CheckHead(flag, left, encoding);
                if (flag == 1) target = compressed;
                buffer = buffer.Slice(GrpcWire.FrameHeadBytes);
            }
            if (refusal is null && left >= 0)
            {
                var limit = buffer.Length > left ? RefusalReason.MessageCount : target.Append(buffer);
                if (limit != RefusalReason.None) refusal = requests.Explain(limit);
                left -= buffer.Length;
                buffer = buffer.Slice(buffer.End);
            }
            body.AdvanceTo(buffer.Start, buffer.End);
            if (refusal is not null) return refusal;
            if (read.IsCompleted) break;
        }
        if (left != 0)
        {
            var isMany = left < 0 && await IsEmptyAsync(body).ConfigureAwait(false);
            return requests.Explain(isMany ? RefusalReason.MessageCount : RefusalReason.Malformed);
        }
        if (ReferenceEquals(target, message)) return null;
        var gunzip = message.AppendGunzipped(compressed);
        return gunzip == RefusalReason.None ? null : requests.Explain(gunzip);
    }

    private static async ValueTask<bool> IsEmptyAsync(System.IO.Pipelines.PipeReader body)
    {
        var rest = await body.ReadAsync().ConfigureAwait(false);
        return rest.Buffer.IsEmpty;
    }

    private static long ReadHead(in ReadOnlySequence<byte> buffer, out byte flag)
    {
        Span<byte> head = stackalloc byte[GrpcWire.FrameHeadBytes];
        buffer.Slice(0, GrpcWire.FrameHeadBytes).CopyTo(head);
        flag = head[0];
        return BinaryPrimitives.ReadUInt32BigEndian(head[1..]);
    }

    private IntakeAnswer? CheckHead(byte flag, long length, string encoding)
    {
        if (flag > 1) return requests.Explain(RefusalReason.Malformed);
        if (length > requests.Options.RequestBytesMax) return requests.Explain(RefusalReason.TooLarge);
        if (flag == 0) return null;
        if (encoding.Equals("gzip", StringComparison.OrdinalIgnoreCase)) return null;
        return encoding.Length == 0 || encoding.Equals("identity", StringComparison.OrdinalIgnoreCase)
            ? IntakeAnswer.Refuse(RefusalReason.Malformed, "a message is marked compressed, but grpc-encoding does not say how")
            : requests.Explain(RefusalReason.UnsupportedEncoding);
    }

    private async Task CheckHealthAsync(HttpContext context, CancellationToken cancel)
    {
        using var message = new BodyBuffer(requests.Metrics, requests.Options);
        if (await ReadMessageAsync(context, message, cancel).ConfigureAwait(false) is { } refusal)
        {
            Refuse(context, refusal);
            return;
        }
        if (!HealthMessages.TryReadService(message.Written, out var service))
            Refuse(context, requests.Explain(RefusalReason.Malformed));
        else if (service is "" or TraceService)
            await ReplyAsync(context, GrpcWire.Frame(HealthMessages.Response(requests.IsServing))).ConfigureAwait(false);
        else WriteStatus(context, GrpcStatus.NotFound, "unknown service", retryAfter: null);
    }

    private static async Task ReplyAsync(HttpContext context, byte[] frame)
    {
        var response = context.Response;
        response.ContentType = ContentType;
        response.Headers["grpc-accept-encoding"] = "identity,gzip";
        response.AppendTrailer("grpc-status", "0");
        await response.BodyWriter.WriteAsync(frame).ConfigureAwait(false);
    }

    private void Refuse(HttpContext context, in IntakeAnswer answer)
    {
        requests.Metrics.Refused(answer.Refusal);
        WriteStatus(context, answer.GrpcStatus, answer.Message, answer.RetryAfter);
    }

    // Without a message the status goes into the headers, which then end the stream ("trailers only").
    private static void WriteStatus(HttpContext context, GrpcStatus status, string message, TimeSpan? retryAfter)
    {
        var response = context.Response;
        response.ContentType = ContentType;
        response.Headers["grpc-accept-encoding"] = "identity,gzip";
        response.Headers["grpc-status"] = ((int)status).ToString(System.Globalization.CultureInfo.InvariantCulture);
        response.Headers["grpc-message"] = GrpcWire.EncodeMessage(message);
        if (retryAfter is not null)
            response.Headers["grpc-status-details-bin"] = GrpcWire.EncodeBinary(OtlpAnswers.Status(status, message, retryAfter));
    }
}
