using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;
using CostAttribution.Simulation.World;

namespace CostAttribution.Simulation.Checks;

/// <summary>
/// What traces say to each other about sessions, runs and linked spans, by the reference; held against what each trace was told
/// according to its stored context.
/// </summary>
internal sealed class OutsideWords
{
    private readonly List<(WorldTrace Trace, string Topic, string Dimension, string Value)> said = [];
    private readonly Dictionary<(TraceId, SpanId), (string Customer, string Feature)> owners = [];
    private readonly List<(WorldTrace Trace, string Topic, IReadOnlyList<OutsideValue> Heard)> heard = [];
    private readonly List<(WorldTrace Trace, (TraceId, SpanId) Link, IReadOnlyList<OutsideValue> Heard)> heardOfLinks = [];
    private bool anyGivenUp;

    public void Add(WorldTrace trace, TraceCosts costs, TraceContext context, bool isStored)
    {
        anyGivenUp |= trace.Spans.Exists(span => span.GivenUp);
        foreach (var (session, value) in costs.SessionValues) said.Add((trace, "session " + session, value.Dimension, value.Value));
        if (costs.ExplicitRunId.Length > 0)
        {
            foreach (var value in costs.RunValues) said.Add((trace, "run " + costs.ExplicitRunId, value.Dimension, value.Value));
        }
        if (!isStored) return;
        foreach (var span in costs.Spans) owners[(trace.Id, span.SpanId)] = (span.CustomerId, span.FeatureId);
        foreach (var session in costs.OpenSessions)
            heard.Add((trace, "session " + session, context.Sessions.GetValueOrDefault(session) ?? []));
        if (costs.ExplicitRunId.Length > 0) heard.Add((trace, "run " + costs.ExplicitRunId, context.Run));
        foreach (var link in costs.OpenLinks) heardOfLinks.Add((trace, link, context.Links.GetValueOrDefault(link) ?? []));
    }

    /// <param name="isWhole">Nobody has forgotten anything: every trace must have heard all that the others agree on.</param>
    public void Check(bool isWhole, Findings findings)
    {
        foreach (var (trace, topic, values) in heard)
        {
            var others = said.Where(word => word.Topic == topic && word.Trace != trace).ToArray();
            if (isWhole && !anyGivenUp)
            {
                var agreed = others.GroupBy(word => word.Dimension)
                    .Where(group => group.Select(word => word.Value).Distinct().Count() == 1 && group.First().Value.Length > 0)
                    .Select(group => new OutsideValue(group.Key, group.First().Value));
                Equal(trace, topic, agreed, values, findings);
            }
        }
        foreach (var (trace, link, values) in heardOfLinks)
        {
            if (!isWhole || anyGivenUp || !owners.TryGetValue(link, out var owner)) continue;
            OutsideValue[] expected = [new("customer", owner.Customer), new("feature", owner.Feature)];
            Equal(trace, $"link {link}", expected.Where(value => value.Value.Length > 0), values, findings);
        }
    }

    private static void Equal(WorldTrace trace, string topic, IEnumerable<OutsideValue> expected, IEnumerable<OutsideValue> actual, Findings findings)
    {
        var (said, heard) = (Text(expected), Text(actual));
        findings.Expect(said == heard, () => $"trace {trace.Ordinal} \"{trace.Story}\" was told '{heard}' about {topic}, the others say '{said}'");
    }

    private static string Text(IEnumerable<OutsideValue> values) =>
        string.Join(' ', values.Select(value => $"{value.Dimension}={value.Value}").Order(StringComparer.Ordinal));
}
