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

    private readonly Dictionary<TopicKey, (bool Asks, OutsideValue[] Words)> entries;

    private TraceTopics(Dictionary<TopicKey, (bool, OutsideValue[])> entries) => this.entries = entries;

    public static TraceTopics None { get; } = new([]);

    public IReadOnlyCollection<TopicKey> Keys => entries.Keys;

    /// <summary>What the trace tells about a topic, ordered by dimension; nothing for one it has nothing to do with.</summary>
    public OutsideValue[] WordsOf(in TopicKey topic) => entries.TryGetValue(topic, out var entry) ? entry.Words : Silent;

    /// <summary>Whether the trace wants to hear what others say about a topic.</summary>
    public bool Asks(in TopicKey topic) => entries.TryGetValue(topic, out var entry) && entry.Asks;

    /// <summary>The topics of a trace as it was just costed.</summary>
    public static TraceTopics Of(TraceCosts costs)
    {
        if (costs.SessionValues.Count + costs.OpenSessions.Count + costs.OpenLinks.Count + costs.ExplicitRunId.Length
            + costs.Responses.Count == 0) return None;
        var entries = new Dictionary<TopicKey, (bool Asks, OutsideValue[] Words)>();
        foreach (var session in costs.SessionValues.GroupBy(word => word.SessionId, StringComparer.Ordinal))
            Add(entries, TopicKey.OfSession(session.Key), asks: false, session.Select(word => word.Value));
        foreach (var session in costs.OpenSessions.Order(StringComparer.Ordinal))
            Add(entries, TopicKey.OfSession(session), asks: true, WordsIn(entries, TopicKey.OfSession(session)));
        if (costs.ExplicitRunId.Length > 0)
            Add(entries, TopicKey.OfRun(costs.ExplicitRunId), asks: true, costs.RunValues);
        foreach (var (trace, span) in costs.OpenLinks.OrderBy(link => link.TraceId).ThenBy(link => link.SpanId))
            Add(entries, TopicKey.OfLink(trace, span), asks: true, []);
        foreach (var (key, word, asks) in costs.Responses)
        {
            if (entries.Count < TopicsPerTraceMax) entries[TopicKey.OfResponse(key)] = (asks, [new OutsideValue(CallWord, word)]);
        }
        return new TraceTopics(entries);
    }

    /// <summary>What the store knows that a trace asks and tells.</summary>
    public static TraceTopics Stored(IReadOnlyList<TopicHistory> histories)
    {
        var entries = new Dictionary<TopicKey, (bool Asks, OutsideValue[] Words)>();
        foreach (var (newest, _) in histories)
        {
            if (newest.Asks || newest.Words.Count > 0) entries[newest.Topic] = (newest.Asks, InOrder(newest.Words));
        }
        return entries.Count == 0 ? None : new TraceTopics(entries);
    }

    /// <summary>
    /// The last words that a trace told about each topic, as far as anybody may have them in mind: what it has taken back since,
    /// too, and first of all <paramref name="toldHere"/>, which is newer than the store.
    /// </summary>
    public static TraceTopics EverTold(IReadOnlyList<TopicHistory> histories, TraceTopics toldHere)
    {
        if (histories.Count == 0) return toldHere;
        var entries = new Dictionary<TopicKey, (bool Asks, OutsideValue[] Words)>(toldHere.entries);
        foreach (var (newest, toldLast) in histories)
            entries.TryAdd(newest.Topic, (newest.Asks, InOrder(newest.Words.Count > 0 ? newest.Words : toldLast)));
        return new TraceTopics(entries);
    }

    /// <summary>
    /// Rows that lead from <paramref name="before"/> to these topics; a topic left behind gets one that says nothing.
    /// </summary>
    public IReadOnlyList<TopicRow> RowsSince(TraceTopics before, TraceId trace)
    {
        if (ReferenceEquals(before, this) || (entries.Count == 0 && before.entries.Count == 0)) return [];
        var rows = new List<TopicRow>();
        foreach (var (topic, entry) in entries)
        {
            if (before.entries.TryGetValue(topic, out var old) && old.Asks == entry.Asks
                && old.Words.AsSpan().SequenceEqual(entry.Words)) continue;
            rows.Add(new TopicRow(topic, trace, entry.Asks, entry.Words));
        }
        foreach (var topic in before.entries.Keys)
        {
            if (!entries.ContainsKey(topic)) rows.Add(new TopicRow(topic, trace, false, []));
        }
        return rows;
    }

    private static IEnumerable<OutsideValue> WordsIn(Dictionary<TopicKey, (bool Asks, OutsideValue[] Words)> entries,
        TopicKey topic) => entries.TryGetValue(topic, out var entry) ? entry.Words : Silent;

    private static void Add(Dictionary<TopicKey, (bool Asks, OutsideValue[] Words)> entries, TopicKey topic, bool asks,
        IEnumerable<OutsideValue> words)
    {
        if (entries.Count < TopicsPerTraceMax || entries.ContainsKey(topic))
            entries[topic] = (asks, InOrder(words));
    }

    private static OutsideValue[] InOrder(IEnumerable<OutsideValue> words) =>
        [.. words.OrderBy(word => word.Dimension, StringComparer.Ordinal)];
}
