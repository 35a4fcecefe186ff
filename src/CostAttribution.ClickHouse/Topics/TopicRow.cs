using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;

namespace CostAttribution.ClickHouse.Topics;

/// <summary>What a topic is. Persisted by name and number: append only.</summary>
public enum TopicKind : byte { Session = 1, Run = 2, Link = 3, Response = 4, Series = 5 }

/// <summary>
/// Something traces ask each other about: a session or run id, the key of a response id or of a series of agent totals,
/// or a span of another trace (then <paramref name="Text"/> is empty).
/// </summary>
public readonly record struct TopicKey(TopicKind Kind, string Text, TraceId TraceId, SpanId SpanId)
{
    public static TopicKey OfSession(string session) => new(TopicKind.Session, session, default, default);
    public static TopicKey OfRun(string runId) => new(TopicKind.Run, runId, default, default);
    public static TopicKey OfResponse(string key) => new(TopicKind.Response, key, default, default);
    public static TopicKey OfSeries(string key) => new(TopicKind.Series, key, default, default);
    public static TopicKey OfLink(TraceId traceId, SpanId spanId) => new(TopicKind.Link, "", traceId, spanId);

    /// <summary>The first column it is found by.</summary>
    internal string Topic => Kind == TopicKind.Link ? TraceId.ToString() : Text;

    /// <summary>The second: a session and a run of one name differ in it.</summary>
    internal string Item => Kind switch
    {
        TopicKind.Link => SpanId.ToString(),
        TopicKind.Run => "run",
        TopicKind.Response or TopicKind.Series => "",
        _ => "session",
    };
}

/// <summary>One row of <c>trace_topics</c>: what one trace has to do with one topic, as of a posting.</summary>
/// <param name="Topic">What it is about.</param>
/// <param name="Trace">Who speaks or asks.</param>
/// <param name="Asks">Whether the trace wants to hear what others say.</param>
/// <param name="Words">What its own spans say, by dimension; empty values for contradictions.</param>
public sealed record TopicRow(TopicKey Topic, TraceId Trace, bool Asks, IReadOnlyList<OutsideValue> Words);

/// <summary>What one trace has had to do with one topic.</summary>
/// <param name="Newest">As of its last posting; it neither asks nor tells when it has left the topic.</param>
/// <param name="ToldLast">The last words it told, which it may have taken back since; nothing when it never told any.</param>
public sealed record TopicHistory(TopicRow Newest, IReadOnlyList<OutsideValue> ToldLast);
