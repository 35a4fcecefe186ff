using CostAttribution.Domain.Tracing;
using CostAttribution.Otlp;
using Microsoft.Extensions.Logging;

namespace CostAttribution.Ingest.Intake;

/// <summary>What both transports do with a request body: decode, hand on, count, answer.</summary>
internal sealed class TraceRequests(
    TraceIntake intake, OtlpReaderPool readers, IntakeOptions options, IntakeMetrics metrics, TimeProvider clock, ILogger logger)
{
    public IntakeOptions Options => options;
    public IntakeMetrics Metrics => metrics;
    public TimeProvider Clock => clock;
    public ILogger Logger => logger;
    public bool IsServing => intake.IsServing;

    /// <summary>Lets a request in, or says why not. After null, <see cref="IntakeMetrics.End"/> must follow.</summary>
    public IntakeAnswer? TryBegin()
    {
        if (!metrics.TryBegin(options.ConcurrentRequestsMax)) return Explain(RefusalReason.TooManyRequests);
        if (intake.IsServing) return null;
        metrics.End();
        return Explain(RefusalReason.Unavailable);
    }

    /// <summary>
    /// Decodes <paramref name="body"/> and hands the spans on. The body is not needed once this returns a task.
    /// </summary>
    public ValueTask<IntakeAnswer> TakeAsync(BodyBuffer body, bool isJson, CancellationToken cancel)
    {
        var bytes = body.Length;
        DecodeResult result;
        var reader = readers.Rent();
        try
        {
            var received = (ulong)(clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
            result = isJson ? reader.ReadJson(body.Written, received) : reader.ReadProtobuf(body.Written, received);
        }
        catch (Exception fault)
        {
            // A bug of ours: the same bytes would fail again, so the sender must not repeat them.
            metrics.DecodeFault();
            IntakeLog.DecodeFault(logger, bytes, fault);
            return new(Explain(RefusalReason.Internal));
        }
        finally
        {
            readers.Return(reader);
        }
        if (result.Error is not { } error) return HandOnAsync(result.Batch!, bytes, result.Rejected, cancel);
        var reason = error.IsOverLimit ? RefusalReason.TooManySpans : RefusalReason.Malformed;
        return new(IntakeAnswer.Refuse(reason, $"the trace request is refused: {error}"));
    }

    /// <summary>The answer for a reason that this side decides on.</summary>
    public IntakeAnswer Explain(RefusalReason reason) => reason switch
    {
        RefusalReason.TooLarge =>
            IntakeAnswer.Refuse(reason, $"the request is larger than {options.RequestBytesMax} bytes, send smaller batches"),
        RefusalReason.TooManyRequests =>
            IntakeAnswer.Refuse(reason, "too many requests at once, try again later", options.RetryAfter),
        RefusalReason.BodiesOverLimit =>
            IntakeAnswer.Refuse(reason, "too many bytes at once, try again later", options.RetryAfter),
        RefusalReason.Unavailable =>
            IntakeAnswer.Refuse(reason, "the server is starting or stopping, try again later", options.RetryAfter),
        RefusalReason.DeadlineExceeded => IntakeAnswer.Refuse(reason, "the deadline passed before the spans were stored"),
        RefusalReason.MessageCount => IntakeAnswer.Refuse(reason, "a unary call holds exactly one message"),
        RefusalReason.Malformed => IntakeAnswer.Refuse(reason, "the request body is malformed"),
        RefusalReason.UnsupportedEncoding => IntakeAnswer.Refuse(reason, "only gzip and identity encoding are understood"),
        _ => IntakeAnswer.Refuse(reason, "internal error"),
    };

    private async ValueTask<IntakeAnswer> HandOnAsync(SpanBatch batch, int bytes, RejectedSpanCounts rejected,
        CancellationToken cancel)
    {
        var spans = batch.SpanCount;
        if (spans == 0)
        {
            batch.Dispose();
            metrics.Accepted(0, bytes, rejected);
            return new IntakeAnswer(RefusalReason.None, "", null, rejected);
        }
        IntakeOutcome outcome;
        try
        {
            outcome = await intake.AcceptAsync(batch, bytes, cancel).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is not OperationCanceledException || !cancel.IsCancellationRequested)
        {
            // The spans are good, so the sender keeps them and tries again.
            IntakeLog.IntakeFault(logger, spans, fault);
            return IntakeAnswer.Refuse(RefusalReason.Unavailable, "the spans could not be stored, try again later",
                options.RetryAfter);
        }
        switch (outcome.Kind)
        {
            case IntakeOutcomeKind.Accepted:
                metrics.Accepted(spans, bytes, rejected);
                return new IntakeAnswer(RefusalReason.None, "", null, rejected);
            case IntakeOutcomeKind.PushedBack:
                return IntakeAnswer.Refuse(RefusalReason.PushedBack, outcome.Reason, DelayOf(outcome));
            default:
                return IntakeAnswer.Refuse(RefusalReason.Unavailable, outcome.Reason, DelayOf(outcome));
        }
    }

    // Without a delay RESOURCE_EXHAUSTED would read as "never again".
    private TimeSpan DelayOf(IntakeOutcome outcome) =>
        outcome.RetryAfter > TimeSpan.Zero ? outcome.RetryAfter : options.RetryAfter;
}
