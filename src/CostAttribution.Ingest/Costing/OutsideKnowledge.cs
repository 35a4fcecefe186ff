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

    private readonly Dictionary<TopicKey, Topic> topics = [];
    private readonly Queue<TopicKey> age = new();

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
                var values = Ask(TopicKey.OfSession(session), asker);
                if (values.Length > 0) sessions[session] = values;
            }
            context = context with { Sessions = sessions };
        }
        if (questions.OpenLinks.Count > 0)
        {
            var links = new Dictionary<(TraceId, SpanId), OutsideValue[]>();
            foreach (var link in questions.OpenLinks)
            {
                var values = Ask(TopicKey.OfLink(link.TraceId, link.SpanId), asker);
                if (values.Length > 0) links[link] = values;
            }
            context = context with { Links = links };
        }
        if (questions.ExplicitRunId.Length > 0)
            context = context with { Run = Ask(TopicKey.OfRun(questions.ExplicitRunId), asker) };
        return context;
    }

    /// <summary>
    /// Publishes what a costed trace knows first-hand. Traces whose answer changed are added to <paramref name="concerned"/>.
    /// </summary>
    public void Publish(TraceId source, TraceCosts costs, ICollection<TraceId> concerned)
    {
        foreach (var (session, value) in costs.SessionValues) Tell(TopicKey.OfSession(session), source, value, concerned);
        if (costs.ExplicitRunId.Length > 0)
        {
            var run = TopicKey.OfRun(costs.ExplicitRunId);
            TellOwner(run, source, costs.Segment.CustomerId, costs.Segment.FeatureId, concerned);
        }
        foreach (var span in costs.Spans)
        {
            if (span.CustomerId.Length == 0 && span.FeatureId.Length == 0) continue;
            var topic = TopicKey.OfLink(source, span.SpanId);
            if (!topics.ContainsKey(topic)) continue;
            TellOwner(topic, source, span.CustomerId, span.FeatureId, concerned);
        }
    }

    /// <summary>The store knows whose span a linked one is; empty values say nothing.</summary>
    public void TellLink(TraceId traceId, SpanId spanId, string customer, string feature, ICollection<TraceId> concerned) =>
        TellOwner(TopicKey.OfLink(traceId, spanId), traceId, customer, feature, concerned);

    /// <summary>Whether somebody asked about the linked span and nobody has answered; true only once per span.</summary>
    public bool ShouldAsk(TraceId traceId, SpanId spanId)
    {
        if (!topics.TryGetValue(TopicKey.OfLink(traceId, spanId), out var topic)
            || topic.HasWords || topic.StoreAsked) return false;
        return topic.StoreAsked = true;
    }

    private void TellOwner(in TopicKey topic, TraceId source, string customer, string feature, ICollection<TraceId> concerned)
    {
        if (customer.Length > 0) Tell(topic, source, new OutsideValue("customer", customer), concerned);
        if (feature.Length > 0) Tell(topic, source, new OutsideValue("feature", feature), concerned);
    }

    private OutsideValue[] Ask(in TopicKey key, TraceId asker)
    {
        var topic = TopicOf(key);
        if (topic.Askers.Count < AskersPerTopicMax) topic.Askers.Add(asker);
        return topic.Answer;
    }

    private void Tell(in TopicKey key, TraceId source, OutsideValue value, ICollection<TraceId> concerned)
    {
        var topic = TopicOf(key);
        if (!topic.Tell(source, value) || !topic.HasAskers) return;
        foreach (var asker in topic.Askers)
        {
            if (asker != source) concerned.Add(asker);
        }
    }

    private Topic TopicOf(in TopicKey key)
    {
        if (topics.TryGetValue(key, out var topic)) return topic;
        while (topics.Count >= topicsMax && age.TryDequeue(out var oldest)) topics.Remove(oldest);
        age.Enqueue(key);
        return topics[key] = new Topic();
    }

    private enum TopicKind : byte { Session = 1, Run = 2, Link = 3 }

    private readonly record struct TopicKey(TopicKind Kind, string Text, TraceId TraceId, SpanId SpanId)
    {
        public static TopicKey OfSession(string session) => new(TopicKind.Session, session, default, default);
        public static TopicKey OfRun(string runId) => new(TopicKind.Run, runId, default, default);
        public static TopicKey OfLink(TraceId traceId, SpanId spanId) => new(TopicKind.Link, "", traceId, spanId);
    }

    /// <summary>There is about one per trace, and most hold one word: plain arrays, made when needed.</summary>
    private sealed class Topic
    {
        private const int SourcesMax = 128;
        private (TraceId Source, OutsideValue Word)[] told = [];
        private int toldCount;
        private HashSet<TraceId>? askers;

        public HashSet<TraceId> Askers => askers ??= [];
        public bool HasAskers => askers is not null;
        public bool HasWords => toldCount > 0;
        public bool StoreAsked { get; set; }

        /// <summary>What all sources agree on, by dimension. Replaced, never changed: contexts keep it.</summary>
        public OutsideValue[] Answer { get; private set; } = [];

        /// <summary>A later word of the same trace replaces its earlier one. Returns whether the answer changed.</summary>
        public bool Tell(TraceId source, OutsideValue word)
        {
            var known = AnswerOf(word.Dimension);
            var at = IndexOf(source, word.Dimension);
            if (at < 0 && toldCount >= SourcesMax)
            {
                if (known == word.Value) return false;
                at = IndexOf(source = default, word.Dimension);
            }
            if (at < 0)
            {
                if (toldCount == told.Length) Array.Resize(ref told, Math.Max(1, toldCount * 2));
                at = toldCount++;
            }
            told[at] = (source, word);

            var agreed = Agreed(word.Dimension);
            if (agreed == known) return false;
            var others = Answer.Where(value => value.Dimension != word.Dimension);
            if (agreed is not null) others = others.Append(word with { Value = agreed });
            Answer = [.. others.OrderBy(value => value.Dimension, StringComparer.Ordinal)];
            return true;
        }

        private int IndexOf(TraceId source, string dimension)
        {
            for (var i = 0; i < toldCount; i++)
            {
                if (told[i].Source == source && told[i].Word.Dimension == dimension) return i;
            }
            return -1;
        }

        private string? AnswerOf(string dimension)
        {
            foreach (var value in Answer)
            {
                if (value.Dimension == dimension) return value.Value;
            }
            return null;
        }

        // Sources that disagree answer nothing: a guess between two customers would be a wrong bill.
        private string? Agreed(string dimension)
        {
            string? agreed = null;
            for (var i = 0; i < toldCount; i++)
            {
                var word = told[i].Word;
                if (word.Dimension != dimension) continue;
                if (agreed is not null && agreed != word.Value) return null;
                agreed = word.Value;
            }
            return agreed;
        }
    }
}
