using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Tracing;

namespace CostAttribution.Ingest.Assembly;

/// <summary>
/// Traces in memory that the store holds in a form that cannot be read: they wait, are not costed and hold the journal, until
/// what arrived of them is in a file. Not thread-safe: belongs to one assembler.
/// </summary>
internal sealed class AsideDesk(TraceTable traces)
{
    private readonly Dictionary<TraceId, string> waiting = [];

    /// <summary>
    /// Whether a part of a trace is in a file: the store is then asked about it before anything is posted for it.
    /// </summary>
    public Func<TraceId, bool> IsSetAside { get; set; } = static _ => false;

    /// <summary>The store's answer about a trace.</summary>
    public void CannotBeRead(TraceId id, string why)
    {
        if (!traces.TryGet(id, out var trace) || trace.Load != LoadState.Asked) return;
        var holdsNothing = trace.Spans.Count == 0 || trace is { Settled: true, UnpostedFrom: null };
        var isKnown = trace is { Recheck.DryRun: true } || (trace.Spans.Count == 0 && IsSetAside(id));
        trace.EndRecheck(RecheckOutcome.NoFacts);
        if (holdsNothing && isKnown)
        {
            traces.Evict(trace);
            return;
        }
        trace.Load = LoadState.Unreadable;
        waiting[id] = why;
    }

    /// <summary>
    /// Hands what waits to <paramref name="keep"/> (trace, spans, why) and lets go of it once that is durable; stops at the
    /// first failure.
    /// </summary>
    public void SetAside(Func<TraceId, SpanBatch, string, bool> keep, SpanBatchBuilder builder)
    {
        foreach (var (id, why) in waiting.ToArray())
        {
            if (traces.TryGet(id, out var trace) && trace.Load == LoadState.Unreadable)
            {
                if (trace.WaitsForOutside) continue;
                using var arrived = trace.EncodeAll(builder);
                if (!keep(id, arrived, why)) return;
                // The file has it.
                trace.UnpostedFrom = null;
                traces.Evict(trace);
            }
            waiting.Remove(id);
        }
    }
}
