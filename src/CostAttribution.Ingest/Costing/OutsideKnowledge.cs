using System.IO.Hashing;
using System.Runtime.InteropServices;
using CostAttribution.ClickHouse.Auditing;
using CostAttribution.ClickHouse.Topics;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;
using CostAttribution.Ingest.Assembly;

namespace CostAttribution.Ingest.Costing;

/// <summary>
/// What traces know of each other: which customer a session, a run or a linked span belongs to. A trace hears what the others
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
    /// The context of a trace given its open questions, the same object when no answer is news. What nobody has spoken of stays
    /// as it was. Remembers that the trace asked, so that <see cref="Publish"/> names it. With <paramref name="mustWait"/> the
    /// store is still to be asked, and what is missing may come from there.
    /// </summary>
    public TraceContext Answer(TraceId asker, TraceContext context, TraceCosts questions, out bool mustWait)
    {
        mustWait = false;
        Dictionary<(TraceId, SpanId), OutsideValue[]>? links = null;
        foreach (var link in questions.OpenLinks)
        {
            if (Ask(TopicKey.OfLink(link.TraceId, link.SpanId), asker, ref mustWait) is not { } values) continue;
            if (IsKnown(context.Links, link, values)) continue;
            links ??= new Dictionary<(TraceId, SpanId), OutsideValue[]>(context.Links);
            if (values.Length > 0) links[link] = values;
            else links.Remove(link);
        }
        if (links is not null) context = context with { Links = links };
        // Evidence of sessions and runs is for final postings only.
        if (!context.Final) return context;

        Dictionary<string, OutsideValue[]>? sessions = null;
        foreach (var session in questions.OpenSessions)
        {
            if (Ask(TopicKey.OfSession(session), asker, ref mustWait) is not { } values) continue;
            if (IsKnown(context.Sessions, session, values)) continue;
            sessions ??= new Dictionary<string, OutsideValue[]>(context.Sessions, StringComparer.Ordinal);
            if (values.Length > 0) sessions[session] = values;
            else sessions.Remove(session);
        }
        if (sessions is not null) context = context with { Sessions = sessions };
        if (questions.ExplicitRunId.Length == 0
            || Ask(TopicKey.OfRun(questions.ExplicitRunId), asker, ref mustWait) is not { } run)
            return context;
        return run.SequenceEqual(context.Run) ? context : context with { Run = run };
    }

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
        foreach (var key in says.Keys) Tell(key, source, said, says, again, position, concerned);
        foreach (var key in said.Keys)
        {
            if (says.WordsOf(key).Length == 0) Tell(key, source, said, says, again, position, concerned);
        }
        foreach (var span in costs.Spans)
        {
            if (!topics.TryGetValue(TopicKey.OfLink(source, span.SpanId), out var topic)) continue;
            if (again) topic.Unsay(source);
            TellOwner(topic, source, span.CustomerId, span.FeatureId, concerned);
            if (again) topic.NameAll(concerned);
        }
    }

    /// <summary>
    /// The store knows whose span a linked one is; empty values say nothing, and the word of its trace itself is newer.
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
        topic.AddAsker(asker);
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

    private static bool IsKnown<TKey>(IReadOnlyDictionary<TKey, OutsideValue[]> known, TKey key, OutsideValue[] values) =>
        known.TryGetValue(key, out var before) ? before.AsSpan().SequenceEqual(values) : values.Length == 0;

    private static void TellOwner(Topic topic, TraceId source, string customer, string feature, ICollection<TraceId> concerned)
    {
        topic.Tell(source, "customer", customer.Length > 0 ? customer : null, null, concerned);
        topic.Tell(source, "feature", feature.Length > 0 ? feature : null, null, concerned);
    }

    private void Tell(in TopicKey key, TraceId source, TraceTopics said, TraceTopics says, bool again, ulong? position,
        ICollection<TraceId> concerned)
    {
        var (before, now) = (said.WordsOf(key), says.WordsOf(key));
        if (before.Length + now.Length == 0) return;
        var topic = TopicOf(key);
        if (again)
        {
            topic.Unsay(source);
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
        topic = topics[key] = new Topic(ofOneSpan: key.Kind == TopicKind.Link);
        if (key.Kind == TopicKind.Link || (storeIsEmpty && !WasForgotten(key))) return topic;
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
