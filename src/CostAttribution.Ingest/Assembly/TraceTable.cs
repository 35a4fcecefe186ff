using System.Diagnostics.CodeAnalysis;
using CostAttribution.Domain.Identity;

namespace CostAttribution.Ingest.Assembly;

/// <summary>
/// The traces in memory: by id, by when they are due, and what they take together. Not thread-safe: belongs to one assembler.
/// </summary>
internal sealed class TraceTable(AssemblyOptions options, OpenCostBook openCosts) : IDisposable
{
    private readonly Dictionary<TraceId, OpenTrace> traces = [];

    public DueQueue Due { get; } = new();
    public AssemblyAccount Account { get; } = new();
    public int Count => traces.Count;
    public bool IsOverLimit => Account.Bytes > options.OpenTraceBytesMax || traces.Count > options.OpenTracesMax;

    /// <summary>False far over the limit: what is in memory cannot be posted, so no more may come.</summary>
    public bool HasRoom => Account.Bytes / 9 * 8 <= options.OpenTraceBytesMax && traces.Count / 9L * 8 <= options.OpenTracesMax;

    public bool TryGet(TraceId id, [NotNullWhen(true)] out OpenTrace? trace) => traces.TryGetValue(id, out trace);

    public OpenTrace Add(TraceId id, long now)
    {
        var trace = traces[id] = new OpenTrace(id, now);
        Account.Update(trace);
        return trace;
    }

    /// <summary>
    /// The trace leaves memory. What it holds of the journal must be handed over before, or be settled and of no cost, or belong
    /// to another trace that waited for this one: a trace of which spans are in no posting stays.
    /// </summary>
    public void Evict(OpenTrace trace)
    {
        if (trace is { UnpostedFrom: { } position, Spans.Count: > 0 } && (trace.CostRelevant || !trace.Settled))
            throw new InvalidOperationException($"trace {trace.Id} is given up though no posting has record {position}");
        if (!traces.Remove(trace.Id)) return;
        trace.EndRecheck(RecheckOutcome.StillOpen);
        openCosts.Remove(trace.Waiting);
        DueQueue.Forget(trace);
        Account.Remove(trace);
        trace.Dispose();
    }

    /// <summary>Settled traces without cost, the longest settled first.</summary>
    public OpenTrace[] Costless() =>
        [.. traces.Values.Where(trace => trace is { Settled: true, CostRelevant: false }).OrderBy(trace => trace.SettledAt)];

    /// <summary>
    /// Open traces that have held the journal since <paramref name="since"/> or longer; the oldest record first.
    /// </summary>
    public OpenTrace[] HoldingSince(long since) =>
        [.. traces.Values.Where(trace => !trace.Settled && trace.UnpostedFrom is not null && trace.HeldSince <= since)
            .OrderBy(trace => trace.UnpostedFrom)];

    public long MeasureBytes() => traces.Values.Sum(trace => trace.Bytes);

    public void Dispose()
    {
        foreach (var trace in traces.Values) trace.Dispose();
        traces.Clear();
    }
}
