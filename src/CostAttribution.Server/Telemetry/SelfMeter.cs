using System.Diagnostics.Metrics;
using CostAttribution.Api.Pipeline;
using CostAttribution.Journal;

namespace CostAttribution.Server.Telemetry;

/// <summary>
/// The server's figures about itself as instruments of one <see cref="Meter"/>: the same numbers as <c>/api/v1/pipeline</c>, read
/// from the same place. Names, units and meanings are listed in docs/telemetry.md; they are a contract, append only.
/// </summary>
internal sealed class SelfMeter : IDisposable
{
    public const string Name = "CostAttribution";

    /// <summary>One collection reads many instruments; all show the same instant.</summary>
    private static readonly TimeSpan SnapshotAge = TimeSpan.FromMilliseconds(20);

    private static readonly PartState[] States = Enum.GetValues<PartState>();

    private readonly Meter meter = new(Name, typeof(SelfMeter).Assembly.GetName().Version?.ToString(3));
    private readonly Lock gate = new();
    private readonly TimeProvider clock;
    private readonly IPipelineStatus status;
    private readonly DurableJournal journal;
    private PipelineSnapshot? snapshot;
    private JournalStatistics? log;
    private long readAt;

    public SelfMeter(IPipelineStatus status, DurableJournal journal, TimeProvider clock)
    {
        this.status = status;
        this.journal = journal;
        this.clock = clock;
        CountSpans();
        ShowBacklog();
        ShowJournal();
        CountEvents();
    }

    public void Dispose() => meter.Dispose();

    private void CountSpans()
    {
        Count("spans.received", "{span}", "spans decoded from requests", seen => seen.Spans.Received);
        Count("spans.journaled", "{span}", "spans that are durable and acknowledged", seen => seen.Spans.Journaled);
        Count("spans.posted", "{span}", "spans whose facts the store has confirmed", seen => seen.Spans.Posted);
        Count("ledger.rows", "{row}", "ledger rows the store has confirmed, reversals included", seen => seen.RowsPosted);
        Count("requests", "{request}", "OTLP requests received", seen => seen.Requests);
        meter.CreateObservableCounter($"{Prefix}spans.refused", () => Reasons("span_rejected"), "{span}",
            "spans refused one by one, by reason");
        meter.CreateObservableCounter($"{Prefix}requests.refused", () => Reasons("request_refused"), "{request}",
            "requests refused whole, by reason");
    }

    private void ShowBacklog()
    {
        Show("spans.open", "{span}", "spans in traces that have not settled", seen => seen.Spans.Open);
        Show("traces.open", "{trace}", "traces in memory", seen => seen.OpenTraces.Count);
        Show("traces.memory", "By", "memory that traces take", seen => seen.OpenTraces.MemoryBytes);
        Show("journal.held", "By", "journal that no confirmed posting covers", seen => seen.Lag.Bytes);
        meter.CreateObservableGauge($"{Prefix}lag", () => Read().Pipeline.Lag.Seconds, "s",
            "how long the oldest usage that is not posted has waited");
        meter.CreateObservableGauge($"{Prefix}part.state", PartStates, "1",
            "1 for the state that a part is in (starting, healthy, struggling, failed), 0 for the others");
    }

    private void ShowJournal()
    {
        meter.CreateObservableUpDownCounter($"{Prefix}journal.queued", () => Read().Log.QueuedRecords, "{record}",
            "records that wait for the disk");
        meter.CreateObservableUpDownCounter($"{Prefix}journal.unread", () => Read().Log.FeedLagRecords, "{record}",
            "durable records that assembly has not taken yet");
        meter.CreateObservableUpDownCounter($"{Prefix}journal.size", () => Read().Log.Bytes, "By",
            "all segment files, the kept window included");
        meter.CreateObservableCounter($"{Prefix}journal.syncs", () => Read().Log.Syncs, "{sync}", "successful group commits");
        meter.CreateObservableGauge($"{Prefix}journal.sync.duration", () => Read().Log.LastSyncDuration.TotalSeconds, "s",
            "write and sync of the last group commit");
    }

    private void CountEvents()
    {
        meter.CreateObservableCounter($"{Prefix}posting.retries", () => Reason("posting", "retried"), "{attempt}",
            "attempts to post that did not reach the store and were made again");
        meter.CreateObservableCounter($"{Prefix}posting.refused", () => Reason("posting", "refused"), "{attempt}",
            "postings that the store refused");
        meter.CreateObservableCounter($"{Prefix}events", () => Read().Pipeline.Reasons.SelectMany(phase => phase.Value.Select(
            pair => new Measurement<long>(pair.Value, new("phase", phase.Key), new("reason", pair.Key)))), "{event}",
            "everything refused, guessed, cut, set aside or corrected, by phase and reason");
    }

    private const string Prefix = "cost_attribution.";

    private void Count(string name, string unit, string description, Func<PipelineSnapshot, long> of) =>
        meter.CreateObservableCounter(Prefix + name, () => of(Read().Pipeline), unit, description);

    private void Show(string name, string unit, string description, Func<PipelineSnapshot, long> of) =>
        meter.CreateObservableUpDownCounter(Prefix + name, () => of(Read().Pipeline), unit, description);

    private long Reason(string phase, string reason) =>
        Read().Pipeline.Reasons.TryGetValue(phase, out var reasons) ? reasons.GetValueOrDefault(reason) : 0;

    private IEnumerable<Measurement<long>> Reasons(string phase) =>
        Read().Pipeline.Reasons[phase].Select(
            pair => new Measurement<long>(pair.Value, new KeyValuePair<string, object?>("reason", pair.Key)));

    private IEnumerable<Measurement<int>> PartStates()
    {
        var seen = Read().Pipeline;
        foreach (var (part, now) in new[] { ("journal", seen.Journal), ("posting", seen.Posting), ("recovery", seen.Recovery) })
        {
            foreach (var state in States)
            {
                yield return new Measurement<int>(now.State == state ? 1 : 0,
                    new("part", part), new("state", state.ToString().ToLowerInvariant()));
            }
        }
    }

    private (PipelineSnapshot Pipeline, JournalStatistics Log) Read()
    {
        lock (gate)
        {
            if (snapshot is null || log is null || clock.GetElapsedTime(readAt) > SnapshotAge)
            {
                (snapshot, log) = (status.Read(), journal.Statistics());
                readAt = clock.GetTimestamp();
            }
            return (snapshot, log);
        }
    }
}
