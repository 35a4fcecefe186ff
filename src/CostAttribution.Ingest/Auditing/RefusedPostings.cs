using CostAttribution.ClickHouse.Auditing;
using CostAttribution.Domain.Tracing;
using CostAttribution.Ingest.Assembly;
using CostAttribution.Journal;
using CostAttribution.Journal.Postings;

namespace CostAttribution.Ingest.Auditing;

/// <summary>
/// Posts refused postings again, once the cause is gone. Their rows are not sent as they are: since then the trace may have been
/// posted otherwise. Their spans go back to their traces, which are costed again with everything the store has, and the
/// difference is posted; so nothing counts twice, however often that is done.
/// <code>
///   id.refused ─▶ spans of each trace kept with it, durably (<see cref="SetAsideTraces"/>) ─▶ id.refused deleted
///                  └─▶ trace loaded, costed, posted, confirmed ─▶ what was kept is deleted
/// </code>
/// The pipeline must run.
/// </summary>
public sealed class RefusedPostings(IngestPipeline pipeline, PostingSpool spool, AttributeKeyTable keys, TimeProvider clock)
{
    /// <summary>Longest wait for the traces of one posting; what takes longer goes on without being waited for.</summary>
    private static readonly TimeSpan WaitMax = TimeSpan.FromMinutes(1);

    private const int TracesPerRecheck = 200;

    private readonly RefusedFiles files = spool.RefusedFiles;

    public RefusedReader Reader { get; } = new(spool.RefusedFiles);

    /// <summary>
    /// Null when there is no such posting; a fault of the disk is told in the result. Asked twice at once, it is done twice, and
    /// the second time nothing is missing.
    /// </summary>
    public async Task<RefusedResult?> PostAsync(string postingId, CancellationToken cancel)
    {
        try
        {
            if (files.TryRead(postingId) is not { } file) return null;
            return await PostAsync(postingId, file, cancel).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is JournalException or InvalidDataException)
        {
            return new RefusedResult(postingId, RefusedOutcome.Left, 0, fault.Message);
        }
    }

    private async Task<RefusedResult> PostAsync(string postingId, RefusedFile file, CancellationToken cancel)
    {
        var spans = RefusedReader.SpansOf(postingId, file, keys);
        var before = files.List().Select(refused => refused.PostingId).ToHashSet(StringComparer.Ordinal);
        TraceRecheck[] rechecks = [.. spans.Select(trace => new TraceRecheck(trace.Key) { Force = true, Brought = trace.Value })];
        var isOver = true;
        foreach (var some in rechecks.Chunk(TracesPerRecheck))
            isOver = isOver && await RecheckAsync(some, cancel).ConfigureAwait(false);
        if (!rechecks.All(recheck => recheck.IsBrought))
        {
            var why = isOver ? "its spans cannot be kept on disk; the log says why" : "the pipeline did not come to it in time";
            return new RefusedResult(postingId, RefusedOutcome.Left, 0, why);
        }
        files.Delete(postingId);
        pipeline.Metrics.QuarantinedFiles = spool.Refused().Files;
        if (RefusedSince(before, rechecks) is { } again)
            return new RefusedResult(postingId, RefusedOutcome.RefusedAgain, 0, $"the store refuses it again, see {again}");
        var rows = rechecks.Sum(recheck => (long)recheck.Rows);
        return rechecks.All(recheck => recheck.Outcome == RecheckOutcome.Done)
            ? new RefusedResult(postingId, RefusedOutcome.Posted, rows, "")
            : new RefusedResult(postingId, RefusedOutcome.Waiting, rows,
                "a trace of it is still open or cannot be read now; it is posted when that is over, at the latest by an audit");
    }

    // The first file since then that holds a trace of these.
    private string? RefusedSince(HashSet<string> before, TraceRecheck[] rechecks)
    {
        var traces = rechecks.Select(recheck => recheck.TraceId.ToString()).ToHashSet(StringComparer.Ordinal);
        return files.List().Select(file => file.PostingId).FirstOrDefault(id => !before.Contains(id)
            && Reader.Find(id)?.Traces.Any(trace => traces.Contains(trace.TraceId)) == true);
    }

    private async Task<bool> RecheckAsync(TraceRecheck[] rechecks, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(WaitMax, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
        try
        {
            await pipeline.RecheckAsync(rechecks, either.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return false;
        }
    }
}
