using CostAttribution.Api.Audits;
using CostAttribution.Api.Pipeline;
using CostAttribution.ClickHouse.Auditing;
using CostAttribution.Domain.Pricing;
using CostAttribution.Ingest;
using CostAttribution.Ingest.Assembly;
using CostAttribution.Ingest.Intake;
using CostAttribution.Journal;
using CostAttribution.Journal.Postings;
using CostAttribution.Server.Settings;

namespace CostAttribution.Server.Hosting;

/// <summary>What the data plane tells the control plane about itself, put together from each stage's counters.</summary>
internal sealed class PipelineStatus(ServerSettings settings, IngestPipeline pipeline, DurableJournal journal,
    PostingSpool spool, JournalIntake intake, IntakeMetrics intakeMetrics, IAudits audits, TimeProvider clock)
    : IPipelineStatus, IOpenCosts
{
    /// <summary>Names in a list that is for the eye.</summary>
    private const int NamesMax = 20;

    private readonly DateTimeOffset startedAt = clock.GetUtcNow();

    public PipelineSnapshot Read()
    {
        var now = clock.GetUtcNow();
        var requests = intakeMetrics.Snapshot();
        var log = journal.Statistics();
        var assembly = pipeline.AssemblyMetrics;
        var journaled = intake.SpansJournaled;
        var open = pipeline.OpenCosts.Read();
        return new PipelineSnapshot
        {
            AsOf = now,
            StartedAt = startedAt,
            Requests = requests.Requests,
            Spans = new SpanCounts
            {
                // The answer to a sender is counted a moment after the journal has its spans.
                Received = Math.Max(requests.SpansAccepted, journaled) + requests.SpansRejected.Values.Sum(),
                Journaled = journaled,
                Open = assembly.OpenSpans,
                Posted = pipeline.Metrics.SpanFactsPosted,
                Refused = requests.SpansRejected.Values.Sum(),
            },
            RowsPosted = pipeline.Metrics.LedgerRowsPosted,
            Lag = new PipelineLag
            {
                Bytes = log.HeldBytes,
                Seconds = assembly.OldestUnpostedSeconds,
            },
            OpenTraces = new OpenTraces
            {
                Count = assembly.OpenTraces,
                MemoryBytes = assembly.OpenTraceBytes,
                MemoryBytesMax = settings.Assembly.OpenTraceBytesMax,
                Observations = assembly.Observations,
            },
            OpenCost = new OpenCostSummary
            {
                Cost = open.Aggregate(Money.Zero, (sum, figure) => sum + figure.Cost),
                Calls = open.Sum(figure => figure.Calls),
                OldestReceivedAt = open.Count == 0 ? null : now - TimeSpan.FromSeconds(assembly.OldestUnpostedSeconds),
            },
            Reasons = Reasons(requests, log),
            Journal = JournalState(log),
            Posting = PostingState(),
            Recovery = RecoveryState(),
            Audit = AuditState(audits.Last),
            SetAside = SetAside(),
            Limits = Limits(requests, log),
        };
    }

    OpenCostSnapshot IOpenCosts.Read() => new(clock.GetUtcNow(), [.. pipeline.OpenCosts.Read().Select(figure => new OpenCostFigure
    {
        Hour = DateTimeOffset.UnixEpoch.AddTicks(figure.Key.HourMicros * TimeSpan.TicksPerMicrosecond),
        Dimensions = new Dictionary<string, string>
        {
            ["customer"] = figure.Key.Customer, ["feature"] = figure.Key.Feature,
            ["product"] = figure.Key.Product, ["team"] = figure.Key.Team,
            ["environment"] = figure.Key.Environment, ["workflow"] = figure.Key.Workflow, ["agent"] = figure.Key.Agent,
            ["provider"] = figure.Key.Provider, ["model"] = figure.Key.Model,
            ["plan"] = figure.Key.Plan, ["audience"] = figure.Key.Audience,
        },
        Cost = figure.Cost,
        Calls = figure.Calls,
    })]);

    private Dictionary<string, IReadOnlyDictionary<string, long>> Reasons(IntakeSnapshot requests, JournalStatistics log)
    {
        var assembly = pipeline.AssemblyMetrics;
        var metrics = pipeline.Metrics;
        return new Dictionary<string, IReadOnlyDictionary<string, long>>
        {
            ["request_refused"] = requests.Refusals,
            ["span_rejected"] = requests.SpansRejected,
            ["journal"] = new Dictionary<string, long>
            {
                ["refused_full"] = log.RefusedFull, ["refused_failed"] = log.RefusedFailed,
                ["damaged_stretches"] = log.DamagedStretches, ["missing_records"] = log.MissingRecords,
                ["doubtful_records"] = log.DoubtfulRecords, ["unreadable_bytes"] = log.UnreadableBytes,
                ["records_unreadable"] = metrics.RecordsUnreadable,
            },
            ["assembly"] = Enum.GetValues<AssemblyReason>()
                .ToDictionary(reason => AssemblyMetrics.NameOf(reason), assembly.CountOf),
            ["posting"] = new Dictionary<string, long>
            {
                ["retried"] = metrics.PostingRetries, ["refused"] = metrics.PostingsRefused,
                ["lookup_failed"] = metrics.LookupFailures, ["traces_loaded"] = assembly.TracesLoaded,
                ["spans_replayed"] = metrics.SpansReplayedTotal,
                ["quarantined_files"] = metrics.QuarantinedFiles, ["damaged_files"] = spool.DamagedFiles.Count,
                ["traces_set_aside"] = metrics.TracesSetAside,
            },
            // Table and error code: postings that the store refused for what they say, set aside since the start.
            ["posting_quarantined"] = metrics.QuarantinedByReason,
        };
    }

    private SetAsideSummary SetAside()
    {
        var traces = pipeline.TracesSetAside;
        var damaged = spool.DamagedFiles;
        return new SetAsideSummary
        {
            Traces = traces.Count,
            TraceIds = [.. traces.Take(NamesMax).Select(trace => trace.ToString())],
            RefusedPostings = pipeline.Metrics.QuarantinedFiles,
            DamagedPostings = damaged.Count,
            DamagedPostingFiles = [.. damaged.Take(NamesMax)],
        };
    }

    private static PartStatus JournalState(JournalStatistics log) => log.Refusal switch
    {
        JournalRefusal.None => new PartStatus(PartState.Healthy, ""),
        JournalRefusal.Failed =>
            new PartStatus(PartState.Failed, "the journal cannot be written; senders are refused until the disk works"),
        JournalRefusal.Stopped => new PartStatus(PartState.Failed, "the journal has stopped"),
        JournalRefusal.FreeSpace =>
            new PartStatus(PartState.Struggling, "the disk is nearly full; free space or lower Journal:FreeBytesMin"),
        JournalRefusal.Full =>
            new PartStatus(PartState.Struggling, "the journal is full because the store does not keep up; see posting"),
        _ => new PartStatus(PartState.Struggling, "more is arriving than the disk takes"),
    };

    private PartStatus PostingState() => pipeline.State switch
    {
        PipelineState.Failed => new PartStatus(PartState.Failed, pipeline.Metrics.PostingTrouble),
        _ when pipeline.Metrics.PostingTrouble is { Length: > 0 } trouble => new PartStatus(PartState.Struggling, trouble),
        _ when pipeline.Metrics.SetAsideTrouble is { Length: > 0 } trouble => new PartStatus(PartState.Struggling, trouble),
        PipelineState.Running when pipeline.Metrics.QuarantinedFiles is > 0 and var files => new PartStatus(PartState.Struggling,
            $"the store refused {files} postings for what they say; see quarantine list, mend the cause and post them again"),
        PipelineState.Running when pipeline.Metrics.TracesSetAside is > 0 and var traces => new PartStatus(PartState.Struggling,
            $"the store holds {traces} traces in a form that this program cannot read; see the files in " +
            "journal/quarantine/traces, mend the store or start the program that wrote it, then run an audit"),
        PipelineState.Running when spool.DamagedFiles is { Count: > 0 } files => new PartStatus(PartState.Struggling,
            $"{files.Count} posting files do not check; when a full audit finds nothing, take postings/*.damaged away"),
        PipelineState.Running => new PartStatus(PartState.Healthy, ""),
        _ => new PartStatus(PartState.Starting, ""),
    };

    private PartStatus RecoveryState() => pipeline.State switch
    {
        PipelineState.Starting => new PartStatus(PartState.Starting, "the store is being opened"),
        PipelineState.Recovering => new PartStatus(PartState.Starting, "postings of an earlier run are being settled"),
        PipelineState.Failed => new PartStatus(PartState.Failed, pipeline.Metrics.PostingTrouble),
        _ => new PartStatus(PartState.Healthy, ""),
    };

    private AuditSummary AuditState(AuditReport? last) => new()
    {
        Status = last switch
        {
            null => new PartStatus(PartState.Starting, ""),
            { State: ClickHouse.Auditing.AuditState.Failed } => new PartStatus(PartState.Struggling,
                $"the last audit did not finish: {last.Failure}"),
            { Left: > 0 } => new PartStatus(PartState.Struggling,
                $"the last audit left {last.Left} findings that it cannot mend; see /api/v1/audits/{last.Id}"),
            _ => new PartStatus(PartState.Healthy, ""),
        },
        Running = audits.Current is not null,
        AuditId = last?.Id ?? "",
        EndedAt = last?.EndedAt,
        Found = last?.Found ?? 0,
        Repaired = last?.Repaired ?? 0,
    };

    private PipelineLimit[] Limits(IntakeSnapshot requests, JournalStatistics log)
    {
        long Refused(RefusalReason reason) => requests.Refusals[IntakeMetrics.NameOf(reason)];
        var assembly = pipeline.AssemblyMetrics;
        return
        [
            new PipelineLimit("Otlp:RequestBytesMax", settings.Intake.RequestBytesMax, "bytes", Refused(RefusalReason.TooLarge)),
            new PipelineLimit("Otlp:SpansPerRequestMax", settings.Intake.SpansPerRequestMax, "spans",
                Refused(RefusalReason.TooManySpans)),
            new PipelineLimit("Otlp:ConcurrentRequestsMax", settings.Intake.ConcurrentRequestsMax, "requests",
                Refused(RefusalReason.TooManyRequests)),
            new PipelineLimit("Otlp:BodyBytesInFlightMax", settings.Intake.BodyBytesInFlightMax, "bytes",
                Refused(RefusalReason.BodiesOverLimit)),
            new PipelineLimit("Otlp:AttributesPerSpanMax", settings.Intake.AttributesPerSpanMax, "attributes",
                assembly.SpansWith(SpanLimit.Attributes)),
            new PipelineLimit("Otlp:LinksPerSpanMax", settings.Intake.LinksPerSpanMax, "links",
                assembly.SpansWith(SpanLimit.Links)),
            new PipelineLimit("Otlp:ValueBytesMax", settings.Intake.ValueBytesMax, "bytes", assembly.SpansWith(SpanLimit.Value)),
            new PipelineLimit("Assembly:SpansPerTraceMax", settings.Assembly.SpansPerTraceMax, "spans",
                assembly.CountOf(AssemblyReason.TraceOverLimit)),
            new PipelineLimit("Assembly:OpenTraceBytesMax", settings.Assembly.OpenTraceBytesMax, "bytes",
                assembly.CountOf(AssemblyReason.PressureEviction)),
            new PipelineLimit("Assembly:OpenTracesMax", settings.Assembly.OpenTracesMax, "traces",
                assembly.CountOf(AssemblyReason.PressureEviction)),
            new PipelineLimit("Journal:JournalBytesMax", settings.Journal.JournalBytesMax, "bytes", log.RefusedFull),
        ];
    }
}
