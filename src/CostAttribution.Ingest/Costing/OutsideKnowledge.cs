using CostAttribution.ClickHouse.Auditing;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;

namespace CostAttribution.Ingest.Costing;

/// <summary>
/// What traces know of each other: which customer a session, a run or a linked span belongs to, and which trace owns a
/// response id. A trace hears what the others say, never its own word, and is named again when the answer to its question
/// changes. Bounded: the oldest topics are forgotten, which only leaves spans unattributed that <c>session</c> or <c>link</c>
/// evidence might have reached. Not thread-safe: belongs to one assembler.
/// </summary>
internal sealed class OutsideKnowledge(int topicsMax)
{
    private const int AskersPerTopicMax = 256;

    // As costing tells them (TraceCosts.RunValues).
    private static readonly string[] OfRun = ["customer", "feature"];

    private readonly Dictionary<TopicKey, Topic> topics = [];
    private readonly Queue<TopicKey> age = new();

    /// <summary>
    /// The context of a trace given its open questions, the same object when no answer is news. What nobody here has spoken of
    /// stays as it was: it was known to an earlier process. Remembers that the trace asked, so that <see cref="Publish"/> names
    /// it.
    /// </summary>
    public TraceContext Answer(TraceId asker, TraceContext context, TraceCosts questions)
    {
        Dictionary<string, OutsideValue[]>? sessions = null;
        foreach (var session in questions.OpenSessions)
        {
            if (Ask(TopicKey.OfSession(session), asker) is not { } values) continue;
            if (IsKnown(context.Sessions, session, values)) continue;
            sessions ??= new Dictionary<string, OutsideValue[]>(context.Sessions, StringComparer.Ordinal);
            if (values.Length > 0) sessions[session] = values;
            else sessions.Remove(session);
        }
        Dictionary<(TraceId, SpanId), OutsideValue[]>? links = null;
        foreach (var link in questions.OpenLinks)
        {
            if (Ask(TopicKey.OfLink(link.TraceId, link.SpanId), asker) is not { } values) continue;
            if (IsKnown(context.Links, link, values)) continue;
            links ??= new Dictionary<(TraceId, SpanId), OutsideValue[]>(context.Links);
            if (values.Length > 0) links[link] = values;
            else links.Remove(link);
        }
        if (sessions is not null) context = context with { Sessions = sessions };
        if (links is not null) context = context with { Links = links };
        if (questions.ExplicitRunId.Length == 0 || Ask(TopicKey.OfRun(questions.ExplicitRunId), asker) is not { } run)
            return context;
        return run.SequenceEqual(context.Run) ? context : context with { Run = run };
    }

    /// <summary>
    /// Publishes what a costed trace knows first-hand. Traces whose answer changed are added to <paramref name="concerned"/>.
    /// </summary>
    public void Publish(TraceId source, TraceCosts costs, ICollection<TraceId> concerned)
    {
        foreach (var (session, value) in costs.SessionValues)
        {
            var word = SaysSeveral(costs.SessionValues, session, value) ? "" : value.Value;
            TopicOf(TopicKey.OfSession(session)).Tell(source, value.Dimension, word, concerned);
        }
        if (costs.ExplicitRunId.Length > 0)
        {
            var run = TopicOf(TopicKey.OfRun(costs.ExplicitRunId));
            foreach (var dimension in OfRun)
            {
                string? told = null;
                foreach (var value in costs.RunValues) told = value.Dimension == dimension ? value.Value : told;
                run.Tell(source, dimension, told, concerned);
            }
        }
        foreach (var span in costs.Spans)
        {
            if (topics.TryGetValue(TopicKey.OfLink(source, span.SpanId), out var topic))
                TellOwner(topic, source, span.CustomerId, span.FeatureId, concerned);
        }
    }

    /// <summary>
    /// The store knows whose span a linked one is; empty values say nothing, and the word of its trace itself is newer.
    /// </summary>
    public void TellLink(TraceId traceId, SpanId spanId, string customer, string feature, ICollection<TraceId> concerned)
    {
        if (topics.TryGetValue(TopicKey.OfLink(traceId, spanId), out var topic) && !topic.HasWords)
            TellOwner(topic, traceId, customer, feature, concerned);
    }

    /// <summary>
    /// The store knows what another trace says first-hand about a session, a run or a linked span; a word of that trace itself is
    /// newer.
    /// </summary>
    public void TellStored(OutsideWord word, ICollection<TraceId> concerned)
    {
        var topic = TopicOf(word.Topic switch
        {
            OutsideTopic.Session => TopicKey.OfSession(word.Key),
            OutsideTopic.Run => TopicKey.OfRun(word.Key),
            _ => TopicKey.OfLink(word.Source, word.Span),
        });
        if (!topic.Knows(word.Source, word.Dimension)) topic.Tell(word.Source, word.Dimension, word.Value, concerned);
    }

    /// <summary>Whether somebody asked about the linked span and nobody has answered; true only once per span.</summary>
    public bool ShouldAsk(TraceId traceId, SpanId spanId)
    {
        if (!topics.TryGetValue(TopicKey.OfLink(traceId, spanId), out var topic)
            || topic.HasWords || topic.StoreAsked) return false;
        return topic.StoreAsked = true;
    }

    private static bool SaysSeveral(List<(string SessionId, OutsideValue Value)> said, string session, OutsideValue value)
    {
        foreach (var (other, word) in said)
        {
            if (word.Dimension == value.Dimension && word.Value != value.Value && other == session) return true;
        }
        return false;
    }

    private static bool IsKnown<TKey>(IReadOnlyDictionary<TKey, OutsideValue[]> known, TKey key, OutsideValue[] values) =>
        known.TryGetValue(key, out var before) ? before.AsSpan().SequenceEqual(values) : values.Length == 0;

    private static void TellOwner(Topic topic, TraceId source, string customer, string feature, ICollection<TraceId> concerned)
    {
        topic.Tell(source, "customer", customer.Length > 0 ? customer : null, concerned);
        topic.Tell(source, "feature", feature.Length > 0 ? feature : null, concerned);
    }

    // Null when nobody but the asker has said anything, then or now.
    private OutsideValue[]? Ask(in TopicKey key, TraceId asker)
    {
        var topic = TopicOf(key);
        if (topic.Askers.Count < AskersPerTopicMax) topic.Askers.Add(asker);
        return topic.IsToldTo(asker) ? topic.AnswerTo(asker) : null;
    }

    private Topic TopicOf(in TopicKey key)
    {
        if (topics.TryGetValue(key, out var topic)) return topic;
        while (topics.Count >= topicsMax && age.TryDequeue(out var oldest)) topics.Remove(oldest);
        age.Enqueue(key);
        return topics[key] = new Topic(ofOneSpan: key.Kind == TopicKind.Link);
    }

    private enum TopicKind : byte { Session = 1, Run = 2, Link = 3 }

    private readonly record struct TopicKey(TopicKind Kind, string Text, TraceId TraceId, SpanId SpanId)
    {
        public static TopicKey OfSession(string session) => new(TopicKind.Session, session, default, default);
        public static TopicKey OfRun(string runId) => new(TopicKind.Run, runId, default, default);
        public static TopicKey OfLink(TraceId traceId, SpanId spanId) => new(TopicKind.Link, "", traceId, spanId);
    }

    /// <summary>There is about one per trace, and most hold one word: plain arrays, made when needed.</summary>
    /// <param name="ofOneSpan">One trace alone knows the answer, and may be the one that asks.</param>
    private sealed class Topic(bool ofOneSpan)
    {
        private const int SourcesMax = 128;

        // A null word was taken back; an empty one says that the source itself knows several.
        private (TraceId Source, string Dimension, string? Word)[] told = [];
        private int toldCount;
        private HashSet<TraceId>? askers;

        public HashSet<TraceId> Askers => askers ??= [];
        public bool HasWords => toldCount > 0;
        public bool StoreAsked { get; set; }

        public bool Knows(TraceId source, string dimension) => IndexOf(source, dimension) >= 0;

        public bool IsToldTo(TraceId asker)
        {
            for (var i = 0; i < toldCount; i++)
            {
                if (ofOneSpan || told[i].Source != asker) return true;
            }
            return false;
        }

        /// <summary>What everybody else agrees on, by dimension.</summary>
        public OutsideValue[] AnswerTo(TraceId asker)
        {
            var answer = new List<OutsideValue>();
            for (var i = 0; i < toldCount; i++)
            {
                var dimension = told[i].Dimension;
                if (answer.Exists(value => value.Dimension == dimension)) continue;
                if (Agreed(dimension, asker) is { } word) answer.Add(new OutsideValue(dimension, word));
            }
            answer.Sort(static (left, right) => string.CompareOrdinal(left.Dimension, right.Dimension));
            return [.. answer];
        }

        /// <summary>A later word of the same trace replaces its earlier one; null takes it back.</summary>
        public void Tell(TraceId source, string dimension, string? word, ICollection<TraceId> concerned)
        {
            var at = IndexOf(source, dimension);
            if (at < 0)
            {
                if (word is null) return;
                if (toldCount >= SourcesMax)
                {
                    if (Agreed(dimension, default) == word) return;
                    at = IndexOf(source = default, dimension);
                }
            }
            if (at >= 0 && told[at].Word == word) return;
            if (askers is null)
            {
                Put(at, source, dimension, word);
                return;
            }
            var before = askers.Select(asker => Agreed(dimension, asker)).ToArray();
            Put(at, source, dimension, word);
            var i = 0;
            foreach (var asker in askers)
            {
                if (Agreed(dimension, asker) != before[i++] && (ofOneSpan || asker != source)) concerned.Add(asker);
            }
        }

        private void Put(int at, TraceId source, string dimension, string? word)
        {
            if (at < 0)
            {
                if (toldCount == told.Length) Array.Resize(ref told, Math.Max(1, toldCount * 2));
                at = toldCount++;
            }
            told[at] = (source, dimension, word);
        }

        private int IndexOf(TraceId source, string dimension)
        {
            for (var i = 0; i < toldCount; i++)
            {
                if (told[i].Source == source && told[i].Dimension == dimension) return i;
            }
            return -1;
        }

        // Sources that disagree answer nothing: a guess between two customers would be a wrong bill.
        private string? Agreed(string dimension, TraceId asker)
        {
            string? agreed = null;
            for (var i = 0; i < toldCount; i++)
            {
                var (source, about, word) = told[i];
                if (word is null || about != dimension || (source == asker && !ofOneSpan)) continue;
                if (word.Length == 0 || (agreed is not null && agreed != word)) return null;
                agreed = word;
            }
            return agreed;
        }
    }
}
