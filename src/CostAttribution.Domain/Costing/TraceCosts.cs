using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;

namespace CostAttribution.Domain.Costing;

/// <summary>
/// The result of costing one trace: what should stand in the ledger, what was decided about every span, and the run's summary.
/// Entries and outcomes are ordered by start, then span id, whatever order the spans came in.
/// </summary>
public sealed class TraceCosts
{
    /// <summary>Outcomes of one trace that are kept for the next.</summary>
    private const int PooledMax = 4096;

    private readonly Dictionary<(string, string), int> knownSessionValues = [];
    private readonly List<SpanOutcome> pool = [];

    public List<LedgerEntry> Entries { get; } = [];

    /// <summary>The order of entries: start, span, cost item.</summary>
    public static Comparison<LedgerEntry> InOrder { get; } = static (left, right) =>
    {
        if (left.EventTimeMicros != right.EventTimeMicros) return left.EventTimeMicros.CompareTo(right.EventTimeMicros);
        var spans = left.SpanId.CompareTo(right.SpanId);
        return spans != 0 ? spans : string.CompareOrdinal(left.CostItem, right.CostItem);
    };

    /// <summary>One per span of the trace; the objects are used again after <see cref="Clear"/>.</summary>
    public List<SpanOutcome> Spans { get; } = [];
    public RunSegment Segment { get; set; } = new();

    /// <summary>
    /// False when no span of the trace has usage, is a provider call or has a priced item: nothing need be kept.
    /// </summary>
    public bool CostRelevant { get; set; }

    /// <summary>
    /// Sessions of entries whose customer their own trace does not name, so that others are asked; by the spans alone.
    /// </summary>
    public HashSet<string> OpenSessions { get; } = [];

    /// <summary>
    /// Links to spans of other traces, of entries whose customer is named neither on nor above them; by the spans alone.
    /// </summary>
    public HashSet<(TraceId TraceId, SpanId SpanId)> OpenLinks { get; } = [];

    /// <summary>
    /// What this trace knows first-hand (evidence own or ancestor) about sessions, one value per session and dimension; empty
    /// where its spans say several.
    /// </summary>
    public List<(string SessionId, OutsideValue Value)> SessionValues { get; } = [];

    /// <summary>
    /// Calls with a unique response id: its key, what the trace says of the call first-hand, and whether it asks what others say.
    /// </summary>
    public List<(string Key, string Word, bool Asks)> Responses { get; } = [];

    /// <summary>
    /// Series of agent totals in the trace: the key, what it says of it first-hand, and whether it wants to know what came
    /// before.
    /// </summary>
    public List<(string Key, string Word, bool Asks)> Series { get; } = [];

    /// <summary>The trace's explicit run id; empty when it has none.</summary>
    public string ExplicitRunId { get; set; } = "";

    /// <summary>
    /// What the trace knows first-hand about its explicit run, by dimension; an empty value where its spans say several.
    /// </summary>
    public List<OutsideValue> RunValues { get; } = [];

    /// <summary>Adds an outcome, to be filled in whole.</summary>
    internal SpanOutcome AddSpan()
    {
        if (Spans.Count == pool.Count && pool.Count < PooledMax) pool.Add(new SpanOutcome());
        var outcome = Spans.Count < pool.Count ? pool[Spans.Count] : new SpanOutcome();
        Spans.Add(outcome);
        return outcome;
    }

    /// <summary>Adds what is known about a session; spans that contradict each other leave an empty value.</summary>
    internal void AddSessionValue(string sessionId, OutsideValue value)
    {
        var key = (sessionId, value.Dimension);
        if (!knownSessionValues.TryGetValue(key, out var at))
        {
            knownSessionValues.Add(key, SessionValues.Count);
            SessionValues.Add((sessionId, value));
        }
        else if (SessionValues[at].Value.Value != value.Value)
        {
            SessionValues[at] = (sessionId, value with { Value = "" });
        }
    }

    public void Clear()
    {
        knownSessionValues.Clear();
        Entries.Clear();
        Spans.Clear();
        Segment = new RunSegment();
        CostRelevant = false;
        OpenSessions.Clear();
        OpenLinks.Clear();
        SessionValues.Clear();
        Responses.Clear();
        Series.Clear();
        ExplicitRunId = "";
        RunValues.Clear();
    }
}
