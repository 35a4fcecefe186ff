using System.Threading.Channels;

namespace CostAttribution.Ingest.Assembly;

/// <summary>Re-checks that wait for the assembly stage, one batch at a time.</summary>
internal sealed class RecheckQueue
{
    private const int BatchesMax = 2;

    private readonly Channel<Batch> waiting = Channel.CreateBounded<Batch>(BatchesMax);
    private Batch? current;
    private long? confirmedAt;

    /// <summary>Hands a batch over; the task completes when what it posted is confirmed.</summary>
    public async Task EnqueueAsync(IReadOnlyList<TraceRecheck> traces, Action wake, CancellationToken cancel)
    {
        var batch = new Batch(traces);
        await waiting.Writer.WriteAsync(batch, cancel).ConfigureAwait(false);
        wake();
        await batch.Done.Task.WaitAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>No batch is under way and none waits.</summary>
    public bool IsIdle => current is null && waiting.Reader.Count == 0;

    /// <summary>The next batch to begin with; null when there is none or one is under way.</summary>
    public IReadOnlyList<TraceRecheck>? TakeNext()
    {
        if (current is not null || !waiting.Reader.TryRead(out current)) return null;
        confirmedAt = null;
        return current.Traces;
    }

    /// <summary>The store cannot say what the trace is made of.</summary>
    public void NoFacts(Domain.Identity.TraceId id)
    {
        foreach (var trace in current?.Traces ?? [])
        {
            if (trace.TraceId == id && trace.Outcome == RecheckOutcome.Waiting) trace.Outcome = RecheckOutcome.NoFacts;
        }
    }

    /// <summary>
    /// Completes the batch under way once no trace of it waits and everything handed to the posting stage until then is
    /// confirmed.
    /// </summary>
    /// <param name="handedOver">Postings handed over by now, the one that is being gathered included.</param>
    /// <param name="confirmed">Postings confirmed by now.</param>
    public bool TryComplete(long handedOver, long confirmed)
    {
        if (current is null || current.Traces.Any(trace => trace.Outcome == RecheckOutcome.Waiting)) return false;
        confirmedAt ??= handedOver;
        if (confirmed < confirmedAt) return false;
        current.Done.TrySetResult();
        current = null;
        return true;
    }

    private sealed record Batch(IReadOnlyList<TraceRecheck> Traces)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
