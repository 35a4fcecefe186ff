using CostAttribution.ClickHouse.Facts;
using CostAttribution.ClickHouse.Topics;
using CostAttribution.Domain.Identity;

namespace CostAttribution.Ingest.Assembly;

/// <summary>What the assembler asks of the store in one look-up.</summary>
internal sealed class StoreQuestions
{
    /// <summary>Traces that may have been posted before.</summary>
    public List<TraceId> Traces { get; } = [];

    /// <summary>Linked spans whose owner is sought.</summary>
    public List<(TraceId TraceId, SpanId SpanId)> Links { get; } = [];

    /// <summary>Sessions and runs that earlier processes may have known.</summary>
    public List<TopicKey> Topics { get; } = [];

    public int Count => Traces.Count + Links.Count + Topics.Count;
}

/// <summary>The store's answer to one look-up.</summary>
/// <param name="Asked">What was asked.</param>
/// <param name="Answered">False when the store could not be asked; nothing is known then.</param>
/// <param name="Traces">Those of the traces that the store has.</param>
/// <param name="Unreadable">
/// Those it has in a form this program cannot read, and why: nothing is posted for them, and what arrived of them is set aside.
/// </param>
/// <param name="Links">Owners of the linked spans that were asked about.</param>
/// <param name="Topics">Who asks or tells about the topics, and who asks about spans of the traces.</param>
internal sealed record LoadAnswer(StoreQuestions Asked, bool Answered, IReadOnlyDictionary<TraceId, StoredTrace> Traces,
    IReadOnlyDictionary<TraceId, string> Unreadable, IReadOnlyList<StoredSpanOwner> Links, IReadOnlyList<TopicRow> Topics)
{
    /// <summary>What was set aside of some of the traces while the store could not be read about them.</summary>
    public IReadOnlyDictionary<TraceId, TakenBack> TakenBack { get; init; } = new Dictionary<TraceId, TakenBack>();

    /// <summary>Nothing is known.</summary>
    public static LoadAnswer None(StoreQuestions asked) => new(asked, false, new Dictionary<TraceId, StoredTrace>(),
        new Dictionary<TraceId, string>(), [], []);
}
