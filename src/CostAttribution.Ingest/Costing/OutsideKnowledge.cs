using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;

namespace CostAttribution.Ingest.Costing;

/// <summary>
/// What traces know of each other: which customer a session, a run or a linked span belongs to, and which trace owns a
/// response id. A trace that asked is named again when the answer to its question changes. Bounded: the oldest topics are
/// forgotten, which only leaves spans unattributed that <c>session</c> or <c>link</c> evidence might have reached.
/// Not thread-safe: belongs to one assembler.
/// </summary>
internal sealed class OutsideKnowledge(int topicsMax)
{
    private const int AskersPerTopicMax = 256;

    private readonly Dictionary<string, Topic> topics = new(StringComparer.Ordinal);
    private readonly Queue<string> age = new();

    /// <summary>
    /// The context of a trace given its open questions. Remembers that the trace asked, so that <see cref="Publish"/> names it.
    /// </summary>
    public TraceContext Answer(TraceId asker, TraceContext context, TraceCosts questions)
    {
        if (questions.OpenSessions.Count > 0)
        {
            var sessions = new Dictionary<string, OutsideValue[]>(StringComparer.Ordinal);
            foreach (var session in questions.OpenSessions)
            {
                var values = Ask(SessionTopic(session), asker);
                if (values.Length > 0) sessions[session] = values;
            }
            context = context with { Sessions = sessions };
        }
        if (questions.OpenLinks.Count > 0)
        {
            var links = new Dictionary<(TraceId, SpanId), OutsideValue[]>();
            foreach (var link in questions.OpenLinks)
            {
                var values = Ask(LinkTopic(link.TraceId, link.SpanId), asker);
                if (values.Length > 0) links[link] = values;
            }
            context = context with { Links = links };
        }
        if (questions.ExplicitRunId.Length > 0) context = context with { Run = Ask(RunTopic(questions.ExplicitRunId), asker) };
        return context;
    }

    /// <summary>
    /// Publishes what a costed trace knows first-hand. Traces whose answer changed are added to <paramref name="concerned"/>.
    /// </summary>
    public void Publish(TraceId source, TraceCosts costs, ICollection<TraceId> concerned)
    {
        foreach (var (session, value) in costs.SessionValues) Tell(SessionTopic(session), source, value, concerned);
        if (costs.ExplicitRunId.Length > 0)
        {
            var run = RunTopic(costs.ExplicitRunId);
            if (costs.Segment.CustomerId.Length > 0)
                Tell(run, source, new OutsideValue("customer", costs.Segment.CustomerId), concerned);
            if (costs.Segment.FeatureId.Length > 0)
                Tell(run, source, new OutsideValue("feature", costs.Segment.FeatureId), concerned);
        }
        foreach (var span in costs.Spans)
        {
            if (span.CustomerId.Length == 0 && span.FeatureId.Length == 0) continue;
            var topic = LinkTopic(source, span.SpanId);
            if (!topics.ContainsKey(topic)) continue;
            TellOwner(topic, source, span.CustomerId, span.FeatureId, concerned);
        }
    }

    /// <summary>The store knows whose span a linked one is; empty values say nothing.</summary>
    public void TellLink(TraceId traceId, SpanId spanId, string customer, string feature, ICollection<TraceId> concerned) =>
        TellOwner(LinkTopic(traceId, spanId), traceId, customer, feature, concerned);

    /// <summary>Whether somebody asked about the linked span and nobody has answered; true only once per span.</summary>
    public bool ShouldAsk(TraceId traceId, SpanId spanId)
    {
        if (!topics.TryGetValue(LinkTopic(traceId, spanId), out var topic) || topic.HasValues || topic.StoreAsked) return false;
        return topic.StoreAsked = true;
    }

    private void TellOwner(string topic, TraceId source, string customer, string feature, ICollection<TraceId> concerned)
    {
        if (customer.Length > 0) Tell(topic, source, new OutsideValue("customer", customer), concerned);
        if (feature.Length > 0) Tell(topic, source, new OutsideValue("feature", feature), concerned);
    }

    private static string SessionTopic(string session) => "session\n" + session;

    private static string RunTopic(string runId) => "run\n" + runId;

    private static string LinkTopic(TraceId traceId, SpanId spanId) => $"link\n{traceId}{spanId}";

    private OutsideValue[] Ask(string name, TraceId asker)
    {
        var topic = TopicOf(name);
        if (topic.Askers.Count < AskersPerTopicMax) topic.Askers.Add(asker);
        return topic.Answer();
    }

    private void Tell(string name, TraceId source, OutsideValue value, ICollection<TraceId> concerned)
    {
        var topic = TopicOf(name);
        var before = topic.Answer();
        topic.Tell(source, value);
        if (topic.Answer().AsSpan().SequenceEqual(before)) return;
        foreach (var asker in topic.Askers)
        {
            if (asker != source) concerned.Add(asker);
        }
    }

    private Topic TopicOf(string name)
    {
        if (topics.TryGetValue(name, out var topic)) return topic;
        while (topics.Count >= topicsMax && age.TryDequeue(out var oldest)) topics.Remove(oldest);
        age.Enqueue(name);
        return topics[name] = new Topic();
    }

    private sealed class Topic
    {
        private const int SourcesMax = 128;
        private readonly Dictionary<(TraceId Source, string Dimension), string> told = [];
        private readonly SortedDictionary<string, string?> values = new(StringComparer.Ordinal);

        public HashSet<TraceId> Askers { get; } = [];
        public bool HasValues => values.Count > 0;
        public bool StoreAsked { get; set; }

        /// <summary>A later word of the same trace replaces its earlier one.</summary>
        public void Tell(TraceId source, OutsideValue value)
        {
            if (told.Count < SourcesMax || told.ContainsKey((source, value.Dimension)))
                told[(source, value.Dimension)] = value.Value;
            else if (values.GetValueOrDefault(value.Dimension) == value.Value) return;
            else told[(default, value.Dimension)] = value.Value;

            // Sources that disagree answer nothing: a guess between two customers would be a wrong bill.
            string? agreed = null;
            var disagree = false;
            foreach (var ((_, dimension), word) in told)
            {
                if (dimension != value.Dimension) continue;
                disagree |= agreed is not null && agreed != word;
                agreed = word;
            }
            values[value.Dimension] = disagree ? null : agreed;
        }

        public OutsideValue[] Answer() =>
            [.. values.Where(value => value.Value is not null).Select(value => new OutsideValue(value.Key, value.Value!))];
    }
}
