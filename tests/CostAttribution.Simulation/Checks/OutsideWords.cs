using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;
using CostAttribution.Simulation.World;

namespace CostAttribution.Simulation.Checks;

/// <summary>What traces say to each other about sessions, runs and linked spans, according to the reference.</summary>
internal sealed class OutsideWords
{
    private readonly List<(WorldTrace Trace, string Topic, OutsideValue Value)> said = [];
    private readonly Dictionary<(TraceId, SpanId), OutsideValue[]> owners = [];

    /// <summary>Spans of unknown fate may have spoken or not.</summary>
    public bool IsCertain { get; private set; } = true;

    /// <summary>
    /// Every trace that says something is in the store. What one without cost says is known to its process alone, and to the next
    /// while the journal keeps it.
    /// </summary>
    public bool AreAllStored { get; private set; } = true;

    public void Add(WorldTrace trace, TraceCosts costs, bool isStored, bool isWhole)
    {
        IsCertain &= isWhole && !trace.Spans.Exists(span => span.GivenUp);
        AreAllStored &= isStored || (costs.SessionValues.Count == 0 && costs.RunValues.Count == 0);
        foreach (var (session, value) in costs.SessionValues) said.Add((trace, OfSession(session), value));
        if (costs.ExplicitRunId.Length > 0)
        {
            foreach (var value in costs.RunValues) said.Add((trace, OfRun(costs.ExplicitRunId), value));
        }
        if (!isStored) return;
        foreach (var span in costs.Spans)
        {
            OutsideValue[] values = [new("customer", span.CustomerId), new("feature", span.FeatureId)];
            owners[(trace.Id, span.SpanId)] = [.. values.Where(value => value.Value.Length > 0)];
        }
    }

    /// <summary>
    /// The context that a trace with these questions has when nobody has forgotten anything. A linked span of a trace that is not
    /// stored was heard while that trace was in memory or not at all: what the stored context says of it stands.
    /// </summary>
    public TraceContext ContextOf(WorldTrace trace, TraceCosts questions, TraceContext stored) => TraceContext.Empty with
    {
        Sessions = questions.OpenSessions.ToDictionary(session => session, session => Agreed(trace, OfSession(session))),
        Run = questions.ExplicitRunId.Length > 0 ? Agreed(trace, OfRun(questions.ExplicitRunId)) : [],
        Links = questions.OpenLinks.ToDictionary(link => link,
            link => owners.GetValueOrDefault(link) ?? stored.Links.GetValueOrDefault(link) ?? []),
    };

    private static string OfSession(string session) => "session " + session;

    private static string OfRun(string run) => "run " + run;

    // Sources that disagree, and one that says several itself, answer nothing.
    private OutsideValue[] Agreed(WorldTrace asker, string topic) =>
        [.. said.Where(word => word.Topic == topic && word.Trace != asker).GroupBy(word => word.Value.Dimension)
            .Where(group => group.Select(word => word.Value).Distinct().Count() == 1 && group.First().Value.Value.Length > 0)
            .Select(group => group.First().Value)];
}
