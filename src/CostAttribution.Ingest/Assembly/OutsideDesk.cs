using CostAttribution.ClickHouse.Topics;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;
using CostAttribution.Ingest.Costing;

namespace CostAttribution.Ingest.Assembly;

/// <summary>
/// Costs traces with what other traces know: asks those in memory at once, has the store asked about the rest, lets traces
/// wait for its answer and names those that must be costed again. Not thread-safe: belongs to one assembler.
/// </summary>
/// <param name="costing">Costs a trace.</param>
/// <param name="traces">The traces in memory.</param>
/// <param name="posted">Says which traces the store cannot know.</param>
/// <param name="reconsider">
/// Has a trace costed again; the journal keeps the position, if any, until its correction is on its way.
/// </param>
internal sealed class OutsideDesk(CostingStage costing, TraceTable traces, PostedHorizon posted,
    Action<TraceId, ulong?> reconsider)
{
    private readonly LinkSeeker links = new(costing.Outside);
    private readonly List<OpenTrace> waiting = [];

    /// <summary>Lowest journal position that words need whose hearers are not known yet.</summary>
    public ulong HeldFrom => costing.Outside.HeldFrom;

    /// <summary>The costs of a trace; valid until anything else is costed.</summary>
    public TraceCosts Cost(OpenTrace trace, bool final, bool incomplete)
    {
        var costs = costing.Cost(trace, final, incomplete);
        if (costs.OpenLinks.Count == 0) return costs;
        links.Note(costs.OpenLinks);
        return links.Seek(TellFromMemory) ? costing.Cost(trace, final, incomplete) : costs;
    }

    /// <summary>Whether the trace last costed waits for the store; then it is among <see cref="EndWaiting"/>.</summary>
    public bool MustWait(OpenTrace trace)
    {
        if (!costing.MustWait) return false;
        trace.WaitsForOutside = true;
        waiting.Add(trace);
        return true;
    }

    /// <summary>Makes known what the trace last costed knows.</summary>
    public void Publish(OpenTrace trace)
    {
        var concerned = new List<TraceId>();
        costing.Publish(trace, concerned);
        foreach (var id in concerned) reconsider(id, trace.UnpostedFrom);
    }

    /// <summary>Adds what the store must be asked, up to <paramref name="max"/> of each kind.</summary>
    public void Ask(StoreQuestions questions, int max)
    {
        links.Take(questions.Links, max);
        costing.Outside.TakeWanted(questions.Topics, max);
    }

    /// <summary>The store could not be asked; everything is asked again.</summary>
    public void NotAnswered(StoreQuestions asked)
    {
        foreach (var span in asked.Links) links.NotAnswered(span);
        foreach (var topic in asked.Topics) costing.Outside.NotLoaded(topic);
    }

    /// <summary>Takes in who asked about the spans of the traces that are about to be loaded; comes before they speak.</summary>
    public void TakeAskers(LoadAnswer answer)
    {
        foreach (var row in answer.Topics)
        {
            if (row.Topic.Kind == TopicKind.Link) costing.Outside.AskedBefore(row.Topic, row.Trace);
        }
    }

    /// <summary>Takes in what the store knows of links, sessions and runs.</summary>
    public void TakeAnswer(LoadAnswer answer)
    {
        var outside = costing.Outside;
        var concerned = new List<TraceId>();
        foreach (var owner in answer.Links)
            outside.TellLink(owner.TraceId, owner.SpanId, owner.Customer, owner.Feature, concerned);
        foreach (var (traceId, spanId) in answer.Asked.Links) outside.LinkAnswered(traceId, spanId);
        foreach (var id in concerned) reconsider(id, null);
        if (answer.Asked.Topics.Count == 0) return;
        var rows = answer.Topics.ToLookup(row => row.Topic);
        foreach (var topic in answer.Asked.Topics)
        {
            concerned.Clear();
            var position = outside.Loaded(topic, rows[topic], concerned);
            foreach (var id in concerned) reconsider(id, position);
        }
    }

    /// <summary>The traces that waited and may look again.</summary>
    public IReadOnlyList<OpenTrace> EndWaiting()
    {
        if (waiting.Count == 0) return [];
        OpenTrace[] ended = [.. waiting];
        waiting.Clear();
        foreach (var trace in ended) trace.WaitsForOutside = false;
        return ended;
    }

    // An open trace tells what it knows when it settles. One that waits for the store may turn out to be a mere repetition,
    // which is not costed again and so tells nothing.
    private bool TellFromMemory(TraceId id)
    {
        if (!traces.TryGet(id, out var trace) || trace.IsBeingLoaded) return posted.IsNowhere(id);
        if (!trace.Settled) return true;
        costing.Cost(trace, final: true, trace.Context.Incomplete);
        Publish(trace);
        return true;
    }
}
