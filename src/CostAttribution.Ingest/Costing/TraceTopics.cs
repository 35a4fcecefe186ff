using System.Runtime.InteropServices;
using CostAttribution.ClickHouse.Topics;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;

namespace CostAttribution.Ingest.Costing;

/// <summary>
/// What one trace has to do with sessions, runs, linked spans and responses, by its spans alone: what it asks and what it
/// tells. Immutable.
/// </summary>
internal sealed class TraceTopics
{
    /// <summary>Topics of one trace that are remembered; beyond it a trace neither hears nor tells.</summary>
    public const int TopicsPerTraceMax = 1024;

    // As costing tells them (TraceCosts.RunValues).
    private static readonly OutsideValue[] Silent = [];

    private const string CallWord = "call";

    // The store orders by it (TopicReader).
    private const string SeriesWord = "series";

    // Nearly every trace has a handful, which a dictionary would take ten times the memory of.
    private const int SearchedInOrderMax = 16;

    private static readonly Comparer<(TraceId, SpanId)> Links = Comparer<(TraceId, SpanId)>.Default;

    private readonly Entry[] entries;
    private readonly Dictionary<TopicKey, int>? places;

    private TraceTopics(Entry[] entries)
    {
        this.entries = entries;
        if (entries.Length <= SearchedInOrderMax) return;
        places = new Dictionary<TopicKey, int>(entries.Length);
        for (var i = 0; i < entries.Length; i++) places.Add(entries[i].Topic, i);
    }

    public static TraceTopics None { get; } = new([]);

    public int Count => entries.Length;

    /// <summary>The topic at a place below <see cref="Count"/>; each is there once.</summary>
    public ref readonly TopicKey this[int place] => ref entries[place].Topic;

    /// <summary>What the trace tells about a topic, ordered by dimension; nothing for one it has nothing to do with.</summary>
    public OutsideValue[] WordsOf(in TopicKey topic) => Find(topic) is >= 0 and var at ? entries[at].Words : Silent;

    /// <summary>Whether the trace wants to hear what others say about a topic.</summary>
    public bool Asks(in TopicKey topic) => Find(topic) is >= 0 and var at && entries[at].Asks;

    /// <summary>The topics of a trace as it was just costed.</summary>
    public static TraceTopics Of(TraceCosts costs)
    {
        if (costs.SessionValues.Count + costs.OpenSessions.Count + costs.OpenLinks.Count + costs.ExplicitRunId.Length
            + costs.Responses.Count + costs.Series.Count == 0) return None;
        var gathered = new Gathered();
        foreach (var (session, value) in costs.SessionValues) gathered.Tell(TopicKey.OfSession(session), value);
        foreach (var session in InOrder(costs.OpenSessions, StringComparer.Ordinal)) gathered.Ask(TopicKey.OfSession(session));
        if (costs.ExplicitRunId.Length > 0)
        {
            var run = TopicKey.OfRun(costs.ExplicitRunId);
            gathered.Ask(run);
            foreach (var value in costs.RunValues) gathered.Tell(run, value);
        }
        foreach (var (trace, span) in InOrder(costs.OpenLinks, Links)) gathered.Ask(TopicKey.OfLink(trace, span));
        foreach (var (key, word, asks) in costs.Series)
        {
            gathered.Tell(TopicKey.OfSeries(key), new OutsideValue(SeriesWord, word));
            if (asks) gathered.Ask(TopicKey.OfSeries(key));
        }
        foreach (var (key, word, asks) in costs.Responses)
        {
            var response = TopicKey.OfResponse(key);
            gathered.Tell(response, new OutsideValue(CallWord, word));
            if (asks) gathered.Ask(response);
        }
        return gathered.ToTopics();
    }

    /// <summary>What the store knows that a trace asks and tells.</summary>
    public static TraceTopics Stored(IReadOnlyList<TopicHistory> histories)
    {
        var gathered = new Gathered();
        foreach (var (newest, _) in histories)
        {
            if (newest.Asks || newest.Words.Count > 0) gathered.Put(newest.Topic, newest.Asks, newest.Words);
        }
        return gathered.ToTopics();
    }

    /// <summary>
    /// The last words that a trace told about each topic, as far as anybody may have them in mind: what it has taken back since,
    /// too, and first of all <paramref name="toldHere"/>, which is newer than the store.
    /// </summary>
    public static TraceTopics EverTold(IReadOnlyList<TopicHistory> histories, TraceTopics toldHere)
    {
        if (histories.Count == 0) return toldHere;
        var gathered = new Gathered();
        foreach (var entry in toldHere.entries) gathered.Put(entry.Topic, entry.Asks, entry.Words);
        foreach (var (newest, toldLast) in histories)
            gathered.Put(newest.Topic, newest.Asks, newest.Words.Count > 0 ? newest.Words : toldLast);
        return gathered.ToTopics();
    }

    /// <summary>
    /// Rows that lead from <paramref name="before"/> to these topics; a topic left behind gets one that says nothing.
    /// </summary>
    public IReadOnlyList<TopicRow> RowsSince(TraceTopics before, TraceId trace)
    {
        if (ReferenceEquals(before, this) || (entries.Length == 0 && before.entries.Length == 0)) return [];
        var rows = new List<TopicRow>(entries.Length);
        foreach (var entry in entries)
        {
            if (before.Find(entry.Topic) is >= 0 and var at && before.entries[at].Asks == entry.Asks
                && before.entries[at].Words.AsSpan().SequenceEqual(entry.Words)) continue;
            rows.Add(new TopicRow(entry.Topic, trace, entry.Asks, entry.Words));
        }
        foreach (var entry in before.entries)
        {
            if (Find(entry.Topic) < 0) rows.Add(new TopicRow(entry.Topic, trace, false, []));
        }
        return rows;
    }

    // Which are kept of too many may not depend on the order of a set.
    private static IEnumerable<T> InOrder<T>(HashSet<T> set, IComparer<T> order) => set.Count <= 1 ? set : set.Order(order);

    private int Find(in TopicKey topic)
    {
        if (places is not null) return places.TryGetValue(topic, out var at) ? at : -1;
        for (var i = 0; i < entries.Length; i++)
        {
            if (entries[i].Topic.Equals(topic)) return i;
        }
        return -1;
    }

    private struct Entry(TopicKey topic, bool asks, OutsideValue[] words)
    {
        public readonly TopicKey Topic = topic;
        public bool Asks = asks;
        public OutsideValue[] Words = words;
    }

    /// <summary>Gathers entries, each topic once, in the order in which they come.</summary>
    private struct Gathered()
    {
        private readonly List<Entry> entries = Scratch();
        private Dictionary<TopicKey, int>? places;

        [ThreadStatic]
        private static List<Entry>? scratch;

        /// <summary>One more word about a topic.</summary>
        public void Tell(in TopicKey topic, OutsideValue word)
        {
            if (PlaceOf(topic) is not (>= 0 and var at)) return;
            ref var words = ref CollectionsMarshal.AsSpan(entries)[at].Words;
            var place = words.Length;
            while (place > 0 && string.CompareOrdinal(words[place - 1].Dimension, word.Dimension) > 0) place--;
            var more = new OutsideValue[words.Length + 1];
            words.AsSpan(0, place).CopyTo(more);
            more[place] = word;
            words.AsSpan(place).CopyTo(more.AsSpan(place + 1));
            words = more;
        }

        public void Ask(in TopicKey topic)
        {
            if (PlaceOf(topic) is >= 0 and var at) CollectionsMarshal.AsSpan(entries)[at].Asks = true;
        }

        /// <summary>A topic as it is known elsewhere, unless it is here already; however many there are.</summary>
        public void Put(in TopicKey topic, bool asks, IReadOnlyList<OutsideValue> words)
        {
            if (Find(topic) < 0) Add(new Entry(topic, asks, Ordered(words)));
        }

        public readonly TraceTopics ToTopics()
        {
            var topics = entries.Count == 0 ? None : new TraceTopics([.. entries]);
            entries.Clear();
            return topics;
        }

        // -1 when there are too many.
        private int PlaceOf(in TopicKey topic)
        {
            var at = Find(topic);
            if (at >= 0) return at;
            return entries.Count < TopicsPerTraceMax ? Add(new Entry(topic, false, Silent)) : -1;
        }

        private readonly int Find(in TopicKey topic)
        {
            if (places is not null) return places.TryGetValue(topic, out var at) ? at : -1;
            var span = CollectionsMarshal.AsSpan(entries);
            for (var i = 0; i < span.Length; i++)
            {
                if (span[i].Topic.Equals(topic)) return i;
            }
            return -1;
        }

        private int Add(Entry entry)
        {
            entries.Add(entry);
            if (places is null && entries.Count > SearchedInOrderMax)
            {
                places = new Dictionary<TopicKey, int>();
                for (var i = 0; i < entries.Count - 1; i++) places.Add(entries[i].Topic, i);
            }
            places?.Add(entry.Topic, entries.Count - 1);
            return entries.Count - 1;
        }

        private static List<Entry> Scratch()
        {
            var free = scratch ??= [];
            // Left full by a fault.
            free.Clear();
            return free;
        }

        private static OutsideValue[] Ordered(IReadOnlyList<OutsideValue> words) => words is OutsideValue[] { Length: <= 1 } few
            ? few
            : [.. words.OrderBy(word => word.Dimension, StringComparer.Ordinal)];
    }
}
