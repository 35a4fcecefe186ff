using System.Globalization;
using System.Net.Http.Headers;
using CostAttribution.Otlp;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace CostAttribution.Ingest.Intake;

/// <summary>
/// The HTTP port: <c>POST /v1/traces</c> in protobuf or JSON (https://opentelemetry.io/docs/specs/otlp/#otlphttp).
/// </summary>
internal sealed class OtlpHttpEndpoint(TraceRequests requests)
{
    private const string TracesPath = "/v1/traces";
    private const string ProtobufType = "application/x-protobuf";
    private const string JsonType = "application/json";

    public async Task HandleAsync(HttpContext context)
    {
        // Errors are written in JSON until the request's own type is known to be protobuf.
        var isJson = true;
        try
        {
            var refusal = CheckForm(context.Request, out isJson);
            var answer = refusal ?? await ExportAsync(context, isJson).ConfigureAwait(false);
            await WriteAsync(context, answer, isJson).ConfigureAwait(false);
        }
        catch (BadHttpRequestException fault)
        {
            requests.Metrics.Refused(RefusalReason.Malformed);
            if (!context.Response.HasStarted) context.Response.StatusCode = fault.StatusCode;
        }
        catch (Exception fault) when (context.RequestAborted.IsCancellationRequested || fault is IOException)
        {
            requests.Metrics.Refused(RefusalReason.Aborted);
        }
        catch (Exception fault)
        {
            IntakeLog.RequestFault(requests.Logger, context.Request.Path, fault);
            if (!context.Response.HasStarted)
                await WriteAsync(context, requests.Explain(RefusalReason.Internal), isJson).ConfigureAwait(false);
        }
    }

    private static IntakeAnswer? CheckForm(HttpRequest request, out bool isJson)
    {
        var known = TryReadType(request.ContentType, out isJson);
        var path = request.Path.Value ?? "";
        if (path != TracesPath)
        {
            return IntakeAnswer.Refuse(RefusalReason.OtherSignal, path is "/v1/metrics" or "/v1/logs"
                ? "only traces are accepted here; send metrics and logs to another endpoint"
                : "there is nothing here but POST /v1/traces");
        }
        if (!HttpMethods.IsPost(request.Method)) return IntakeAnswer.Refuse(RefusalReason.OtherMethod, "use POST");
        return known
            ? null
            : IntakeAnswer.Refuse(RefusalReason.UnsupportedMediaType,
                "the content type must be application/x-protobuf or application/json");
    }

    private static bool TryReadType(string? contentType, out bool isJson)
    {
        isJson = true;
        if (!MediaTypeHeaderValue.TryParse(contentType, out var type)) return false;
        if (string.Equals(type.MediaType, JsonType, StringComparison.OrdinalIgnoreCase)) return true;
        isJson = !(string.Equals(type.MediaType, ProtobufType, StringComparison.OrdinalIgnoreCase) ||
            string.Equals(type.MediaType, "application/protobuf", StringComparison.OrdinalIgnoreCase));
        return !isJson;
    }

    private async ValueTask<IntakeAnswer> ExportAsync(HttpContext context, bool isJson)
    {
        if (requests.TryBegin() is { } refusal) return refusal;
        try
        {
            return await TakeAsync(context, isJson).ConfigureAwait(false);
        }
        finally
        {
            requests.Metrics.End();
        }
    }

    private async ValueTask<IntakeAnswer> TakeAsync(HttpContext context, bool isJson)
    {
        var encoding = context.Request.Headers.ContentEncoding.ToString();
        var isGzip = encoding.Equals("gzip", StringComparison.OrdinalIgnoreCase);
        if (!isGzip && encoding.Length > 0 && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
            return requests.Explain(RefusalReason.UnsupportedEncoding);
        if (context.Request.ContentLength > requests.Options.RequestBytesMax) return requests.Explain(RefusalReason.TooLarge);

        ValueTask<IntakeAnswer> answer;
        using (var message = new BodyBuffer(requests.Metrics, requests.Options))
        using (var compressed = new BodyBuffer(requests.Metrics, requests.Options))
        {
            var fault = await ReadBodyAsync(context, isGzip ? compressed : message).ConfigureAwait(false);
            if (fault == RefusalReason.None && isGzip) fault = message.AppendGunzipped(compressed);
            if (fault != RefusalReason.None) return requests.Explain(fault);
            answer = requests.TakeAsync(message, isJson, context.RequestAborted);
        }
        return await answer.ConfigureAwait(false);
    }

    private static async ValueTask<RefusalReason> ReadBodyAsync(HttpContext context, BodyBuffer target)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
        var body = context.Request.BodyReader;
        while (true)
        {
            var read = await body.ReadAsync(context.RequestAborted).ConfigureAwait(false);
            var fault = target.Append(read.Buffer);
            body.AdvanceTo(read.Buffer.End);
            if (fault != RefusalReason.None || read.IsCompleted) return fault;
        }
    }

    private async Task WriteAsync(HttpContext context, IntakeAnswer answer, bool isJson)
    {
        var response = context.Response;
        response.StatusCode = answer.HttpStatus;
        response.ContentType = isJson ? JsonType : ProtobufType;
        if (answer.Refusal != RefusalReason.None) requests.Metrics.Refused(answer.Refusal);
        if (answer.Refusal == RefusalReason.OtherMethod) response.Headers.Allow = "POST";
        if (answer.Refusal == RefusalReason.UnsupportedEncoding) response.Headers.AcceptEncoding = "gzip, identity";
        if (answer.RetryAfter is { } delay)
            response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(delay.TotalSeconds))
                .ToString(CultureInfo.InvariantCulture);
        var body = BodyOf(answer, isJson);
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body).ConfigureAwait(false);
    }

    private static byte[] BodyOf(in IntakeAnswer answer, bool isJson)
    {
        if (answer.Refusal == RefusalReason.None)
            return isJson ? OtlpAnswers.ResponseJson(answer.Rejected) : OtlpAnswers.Response(answer.Rejected);
        return isJson
            ? OtlpAnswers.StatusJson(answer.GrpcStatus, answer.Message)
            : OtlpAnswers.Status(answer.GrpcStatus, answer.Message, answer.RetryAfter);
    }
}
