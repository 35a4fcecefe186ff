using System.Collections.Frozen;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using CostAttribution.ClickHouse.Auditing;
using CostAttribution.ClickHouse.Topics;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;
using CostAttribution.Ingest.Assembly;

namespace CostAttribution.Ingest.Costing;

/// <summary>
/// What traces know of each other: which customer a session, a run or a linked span belongs to, and who else reports a call. A
/// trace hears what the others
/// say, never its own word, and is named again when the answer to its question changes. What earlier processes knew of a topic
/// is asked of the store when the topic is first met; only topics that no earlier process can have met, and that this one has
/// not forgotten, need no asking. Bounded: the oldest topics are forgotten, and asked of the store when met again. Not
/// thread-safe: belongs to one assembler.
/// </summary>
internal sealed class OutsideKnowledge(int topicsMax, bool storeIsEmpty)
{
    /// <summary>Bits of the filter of forgotten topics, as a power of two; a full one only costs look-ups.</summary>
    private const int ForgottenBitsLog2 = 26;

    private readonly Dictionary<TopicKey, Topic> topics = [];
    private readonly Queue<TopicKey> age = new();
    private readonly Queue<TopicKey> wanted = new();
    private readonly Dictionary<TopicKey, ulong> heldFrom = [];
    private readonly AskedKeys asked = new();
    private BloomFilter? forgotten;

    /// <summary>Lowest journal position of words whose askers are not known yet; <see cref="ulong.MaxValue"/> for none.</summary>
    public ulong HeldFrom
    {
        get
        {
            var lowest = ulong.MaxValue;
            foreach (var position in heldFrom.Values) lowest = Math.Min(lowest, position);
            return lowest;
        }
    }

    /// <summary>
    /// The context of a trace given its questions: the answers to them and to no others. Where nobody has spoken, what it heard
    /// before stays. The same object when nothing is news. Remembers that the trace asked, so that <see cref="Publish"/> names
    /// it. With <paramref name="mustWait"/> the store is still to be asked, and what is missing may come from there.
    /// </summary>
    public TraceContext Answer(TraceId asker, TraceContext context, TraceCosts questions, out bool mustWait)
    {
        mustWait = false;
        var links = Answers(asker, questions.OpenLinks, static link => TopicKey.OfLink(link.TraceId, link.SpanId), context.Links,
            ref mustWait);
        if (!ReferenceEquals(links, context.Links)) context = context with { Links = links };
        context = AnswerSeries(asker, context, questions, ref mustWait);
        // Evidence of sessions and runs is for final postings only.
        if (!context.Final) return context;

        var sessions = Answers(asker, questions.OpenSessions, TopicKey.OfSession, context.Sessions, ref mustWait);
        if (!ReferenceEquals(sessions, context.Sessions)) context = context with { Sessions = sessions };
        context = AnswerResponses(asker, context, questions, ref mustWait);
        var run = questions.ExplicitRunId;
        if (run.Length + context.RunId.Length == 0) return context;
        IReadOnlyList<OutsideValue> heard = run.Length > 0 && context.RunId == run ? context.Run : [];
        if (run.Length > 0) heard = Ask(TopicKey.OfRun(run), asker, ref mustWait) ?? heard;
        if (heard.Count == 0) run = "";
        return run == context.RunId && heard.SequenceEqual(context.Run) ? context : context with { RunId = run, Run = heard };
    }

    /// <summary>A trace of an earlier process asked about a response or a series of agent totals.</summary>
    public void AskedBefore(string key) => asked.Add(TopicKey.OfResponse(key));

    private TraceContext AnswerResponses(TraceId asker, TraceContext context, TraceCosts questions, ref bool mustWait)
    {
        if (questions.Responses.Count + context.Responses.Count == 0) return context;
        // Applications only tell, so that nearly no trace asks.
        IReadOnlySet<string> keys = FrozenSet<string>.Empty;
        foreach (var (key, _, asks) in questions.Responses)
        {
            if (!asks) continue;
            if (keys is not HashSet<string> known) keys = known = new HashSet<string>(StringComparer.Ordinal);
            known.Add(key);
            asked.Add(TopicKey.OfResponse(key));
        }
        var responses = Answers(asker, keys, TopicKey.OfResponse, context.Responses, ref mustWait);
        return ReferenceEquals(responses, context.Responses) ? context : context with { Responses = responses };
    }

    private TraceContext AnswerSeries(TraceId asker, TraceContext context, TraceCosts questions, ref bool mustWait)
    {
        if (questions.Series.Count + context.Series.Count == 0) return context;
        var answers = new Dictionary<string, OutsideValue[]>(StringComparer.Ordinal);
        var isNews = false;
        foreach (var (key, word, asks) in questions.Series)
        {
            if (!asks) continue;
            asked.Add(TopicKey.OfSeries(key));
            var topic = TopicOf(TopicKey.OfSeries(key));
            mustWait |= topic.IsPending;
            var heard = context.Series.GetValueOrDefault(key, []);
            // The store knows better, and has not said anything yet.
            var values = topic.IsPending && heard.Length > 0 ? heard : topic.Before(asker, word, heard);
            isNews |= !values.AsSpan().SequenceEqual(heard);
            if (values.Length > 0) answers[key] = values;
        }
        return isNews || answers.Count != context.Series.Count ? context with { Series = answers } : context;
    }

    // Told in advance, to the store alone: nearly every call has an id that nobody asks about, and most agents show their calls.
    private static bool IsToldInAdvance(TopicKind kind) => kind is TopicKind.Response or TopicKind.Series;

    private bool IsOfInterest(in TopicKey key, TraceTopics says) => !IsToldInAdvance(key.Kind) || says.Asks(key)
        || topics.ContainsKey(key) || asked.MayContain(key);

    /// <summary>
    /// Publishes what a costed trace knows first-hand. Traces whose answer changed are added to <paramref name="concerned"/>.
    /// </summary>
    /// <param name="source">The trace.</param>
    /// <param name="costs">Its costs.</param>
    /// <param name="said">What it said when it was last published, by whichever process.</param>
    /// <param name="says">What it says now.</param>
    /// <param name="again">
    /// The trace comes from the journal again: an earlier process may have ended between its posting and the corrections that
    /// followed from it, so nobody knows what its hearers have heard, and all of them are named.
    /// </param>
    /// <param name="position">Journal position that keeps the trace; held until the askers are known.</param>
    /// <param name="concerned">Receives the traces that are to be costed again.</param>
    public void Publish(TraceId source, TraceCosts costs, TraceTopics said, TraceTopics says, bool again, ulong? position,
        ICollection<TraceId> concerned)
    {
        for (var i = 0; i < says.Count; i++)
        {
            ref readonly var key = ref says[i];
            if (IsOfInterest(key, says)) Tell(key, source, said, says, again, position, concerned);
        }
        for (var i = 0; i < said.Count; i++)
        {
            ref readonly var key = ref said[i];
            if (says.WordsOf(key).Length == 0 && IsOfInterest(key, said))
                Tell(key, source, said, says, again, position, concerned);
        }
        foreach (var span in costs.Spans)
        {
            if (!topics.TryGetValue(TopicKey.OfLink(source, span.SpanId), out var topic)) continue;
            if (!again && !topic.TakeUnknownAskers())
            {
                TellOwner(topic, source, span.SaidCustomer, span.SaidFeature, concerned);
                continue;
            }
            topic.Note(source, "customer", NullIfEmpty(span.SaidCustomer));
            topic.Note(source, "feature", NullIfEmpty(span.SaidFeature));
            topic.NameAll(concerned);
        }
    }

    /// <summary>
    /// The store knows what the trace of a linked span says of it; empty values say nothing, and the word of its trace itself is
    /// newer.
    /// </summary>
    public void TellLink(TraceId traceId, SpanId spanId, string customer, string feature, ICollection<TraceId> concerned)
    {
        if (!topics.TryGetValue(TopicKey.OfLink(traceId, spanId), out var topic)) return;
        topic.IsPending = false;
        if (!topic.HasWords) TellOwner(topic, traceId, customer, feature, concerned);
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
        if (!topic.Knows(word.Source, word.Dimension)) topic.Tell(word.Source, word.Dimension, word.Value, null, concerned);
    }

    /// <summary>The store has said all it knows of a linked span.</summary>
    public void LinkAnswered(TraceId traceId, SpanId spanId)
    {
        if (topics.TryGetValue(TopicKey.OfLink(traceId, spanId), out var topic)) topic.IsPending = false;
    }

    /// <summary>Whether somebody asked about the linked span and nobody has answered; true only once per span.</summary>
    public bool ShouldAsk(TraceId traceId, SpanId spanId)
    {
        if (!topics.TryGetValue(TopicKey.OfLink(traceId, spanId), out var topic)
            || topic.HasWords || topic.StoreAsked) return false;
        return topic.StoreAsked = true;
    }

    /// <summary>The owner of a linked span is sought in the store; whoever asks waits for the answer.</summary>
    public void SoughtInStore(TraceId traceId, SpanId spanId)
    {
        if (topics.TryGetValue(TopicKey.OfLink(traceId, spanId), out var topic)) topic.IsPending = true;
    }

    /// <summary>Whether any topic was forgotten.</summary>
    public bool HasForgotten => forgotten is not null;

    /// <summary>Whether an earlier asker about a span of this trace may have been forgotten here.</summary>
    public bool MayHaveForgottenAskers(TraceId linked) => forgotten is not null && forgotten.MayContain(linked.High, linked.Low);

    /// <summary>A trace asked about a linked span in an earlier process, or was forgotten here.</summary>
    public void AskedBefore(TopicKey link, TraceId asker)
    {
        var topic = TopicOf(link);
        topic.StoreAsked = true;
        topic.AddUnknownAsker(asker);
    }

    /// <summary>Moves topics that the store must be asked about into <paramref name="keys"/>, up to that many in all.</summary>
    public void TakeWanted(List<TopicKey> keys, int max)
    {
        while (keys.Count < max && wanted.TryDequeue(out var key)) keys.Add(key);
    }

    /// <summary>The store could not answer; the topic will be asked about again.</summary>
    public void NotLoaded(TopicKey key) => wanted.Enqueue(key);

    /// <summary>
    /// The store's answer about a topic: who asked and who told, all at once. Returns the journal position that its words hold.
    /// </summary>
    public ulong? Loaded(TopicKey key, IEnumerable<TopicRow> rows, ICollection<TraceId> concerned)
    {
        if (!topics.TryGetValue(key, out var topic) || !topic.IsPending) return null;
        foreach (var row in rows)
        {
            if (row.Asks) topic.AddAsker(row.Trace);
            foreach (var word in row.Words) topic.AddStored(row.Trace, word);
        }
        topic.Complete(concerned);
        return heldFrom.Remove(key, out var position) ? position : null;
    }

    // What is no longer asked is dropped: an answer to it would go on deciding, and nobody would correct it.
    private IReadOnlyDictionary<TKey, OutsideValue[]> Answers<TKey>(TraceId asker, IReadOnlySet<TKey> asked,
        Func<TKey, TopicKey> topicOf, IReadOnlyDictionary<TKey, OutsideValue[]> before, ref bool mustWait)
        where TKey : notnull
    {
        if (asked.Count + before.Count == 0) return before;
        Dictionary<TKey, OutsideValue[]>? answers = null;
        var isNews = false;
        foreach (var key in asked)
        {
            var heard = before.GetValueOrDefault(key);
            var values = Ask(topicOf(key), asker, ref mustWait) ?? heard ?? [];
            isNews |= !values.AsSpan().SequenceEqual(heard);
            if (values.Length > 0) (answers ??= [])[key] = values;
        }
        return isNews || (answers?.Count ?? 0) != before.Count ? answers ?? [] : before;
    }

    private static void TellOwner(Topic topic, TraceId source, string customer, string feature, ICollection<TraceId> concerned)
    {
        topic.Tell(source, "customer", NullIfEmpty(customer), null, concerned);
        topic.Tell(source, "feature", NullIfEmpty(feature), null, concerned);
    }

    private static string? NullIfEmpty(string value) => value.Length > 0 ? value : null;

    private void Tell(in TopicKey key, TraceId source, TraceTopics said, TraceTopics says, bool again, ulong? position,
        ICollection<TraceId> concerned)
    {
        var (before, now) = (said.WordsOf(key), says.WordsOf(key));
        if (before.Length + now.Length == 0) return;
        var topic = TopicOf(key);
        if (again)
        {
            // What was told and taken back counts as spoken of: nobody may keep it for lack of a newer word.
            topic.Unsay(source);
            foreach (var word in before) topic.Note(source, word.Dimension, null);
            before = [];
        }
        foreach (var word in now) topic.Tell(source, word.Dimension, word.Value, ValueOf(before, word.Dimension), concerned);
        foreach (var word in before)
        {
            if (ValueOf(now, word.Dimension) is null) topic.Tell(source, word.Dimension, null, word.Value, concerned);
        }
        if (again) topic.NameAll(concerned);
        if (topic.IsPending && position is { } held)
            heldFrom[key] = Math.Min(held, heldFrom.GetValueOrDefault(key, ulong.MaxValue));
    }

    private static string? ValueOf(OutsideValue[] words, string dimension)
    {
        foreach (var word in words)
        {
            if (word.Dimension == dimension) return word.Value;
        }
        return null;
    }

    // Null when nobody but the asker has said anything, then or now.
    private OutsideValue[]? Ask(in TopicKey key, TraceId asker, ref bool mustWait)
    {
        var topic = TopicOf(key);
        topic.AddAsker(asker);
        mustWait |= topic.IsPending;
        return topic.IsToldTo(asker) ? topic.AnswerTo(asker) : null;
    }

    private Topic TopicOf(in TopicKey key)
    {
        if (topics.TryGetValue(key, out var topic)) return topic;
        for (var tries = age.Count; topics.Count >= topicsMax && tries > 0; tries--) ForgetOldest();
        age.Enqueue(key);
        topic = topics[key] = new Topic(key.Kind switch
        {
            TopicKind.Link => TopicRule.OneSpan,
            TopicKind.Response => TopicRule.EachWord,
            TopicKind.Series => TopicRule.Predecessor,
            _ => TopicRule.Agreement,
        });
        if (key.Kind == TopicKind.Link || (storeIsEmpty && !IsToldInAdvance(key.Kind) && !WasForgotten(key))) return topic;
        topic.IsPending = topic.StoreAsked = true;
        wanted.Enqueue(key);
        return topic;
    }

    private void ForgetOldest()
    {
        var oldest = age.Dequeue();
        if (topics[oldest].IsPending)
        {
            age.Enqueue(oldest);
            return;
        }
        topics.Remove(oldest);
        forgotten ??= new BloomFilter(ForgottenBitsLog2);
        var (high, low) = HashOf(oldest);
        forgotten.Add(high, low);
    }

    private bool WasForgotten(in TopicKey key)
    {
        if (forgotten is null) return false;
        var (high, low) = HashOf(key);
        return forgotten.MayContain(high, low);
    }

    // A link is remembered by the trace that would tell, for that is what comes later.
    private static (ulong High, ulong Low) HashOf(in TopicKey key)
    {
        if (key.Kind == TopicKind.Link) return (key.TraceId.High, key.TraceId.Low);
        var text = MemoryMarshal.AsBytes(key.Text.AsSpan());
        return (XxHash3.HashToUInt64(text, (long)key.Kind), XxHash3.HashToUInt64(text, -(long)key.Kind));
    }
}
