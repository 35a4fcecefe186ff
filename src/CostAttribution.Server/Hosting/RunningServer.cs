using System.Net;
using CostAttribution.Api;
using CostAttribution.Api.Adjustments;
using CostAttribution.Api.Audits;
using CostAttribution.Api.Pipeline;
using CostAttribution.Api.Quarantine;
using CostAttribution.Api.Rates;
using CostAttribution.Api.Repricings;
using CostAttribution.ClickHouse.Embedded;
using CostAttribution.ClickHouse.Endpoint;
using CostAttribution.ClickHouse.Snapshots;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Tracing;
using CostAttribution.Ingest;
using CostAttribution.Ingest.Adjustments;
using CostAttribution.Ingest.Auditing;
using CostAttribution.Ingest.Costing;
using CostAttribution.Ingest.Intake;
using CostAttribution.Ingest.Repricing;
using CostAttribution.Journal;
using CostAttribution.Otlp;
using CostAttribution.Server.Demo;
using CostAttribution.Server.Settings;
using CostAttribution.Server.Telemetry;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace CostAttribution.Server.Hosting;

/// <summary>
/// The server while it runs: store, journal, pipeline and ports, opened in that order and closed in the reverse one.
/// </summary>
internal sealed class RunningServer : IAsyncDisposable
{
    private readonly ServerSettings settings;
    private readonly StopDeadline deadline;
    private readonly CancellationTokenSource ended = new();
    private volatile bool leaving;
    private readonly Closers closing = new();
    private OpenStore? store;
    private IngestPipeline? pipeline;
    private Task pipelineRun = Task.CompletedTask;
    private JournalIntake? intake;
    private Task journalRun = Task.CompletedTask;
    private Task? auditRun;
    private Task ratesRun = Task.CompletedTask;
    private ServerRates? rates;
    private NodeClaim? claim;

    private RunningServer(ServerSettings settings, StopDeadline deadline)
    {
        this.settings = settings;
        this.deadline = deadline;
    }

    /// <summary>Of a process whose closing takes too long, too: what a verb has found is set before that.</summary>
    public int ExitCode { get; set; }
    public IClickHouseTransport Store => store!.Transport;
    public Auditor Auditor { get; private set; } = null!;
    public RefusedPostings RefusedPostings { get; private set; } = null!;
    public Repricer Repricer { get; private set; } = null!;
    public Adjuster Adjuster { get; private set; } = null!;
    public IRates Rates => rates!;
    public int GrpcPort { get; private set; }
    public int HttpPort { get; private set; }
    public int ApiPort { get; private set; }

    /// <summary>0 when the embedded engine is not served.</summary>
    public int ClickHousePort { get; private set; }

    /// <summary>
    /// Opens everything; throws <see cref="StartupException"/> when something an operator can mend is in the way. Null when it
    /// was told to stop before it was open.
    /// </summary>
    /// <param name="settings">As read.</param>
    /// <param name="configuration">For the parts of the framework.</param>
    /// <param name="quiet">Only errors are logged.</param>
    /// <param name="clock">Source of all time.</param>
    /// <param name="deadline">Bounds the stop.</param>
    /// <param name="stop">Asks to give up.</param>
    /// <param name="listen">False opens no port and audits nothing by itself: for verbs that work on the store.</param>
    public static async Task<RunningServer?> StartAsync(ServerSettings settings, IConfiguration configuration, bool quiet,
        TimeProvider clock, StopDeadline deadline, CancellationToken stop, bool listen = true)
    {
        var server = new RunningServer(settings, deadline);
        try
        {
            await server.OpenAsync(configuration, quiet, clock, listen, stop).ConfigureAwait(false);
            return server;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await server.DisposeAsync().ConfigureAwait(false);
            return null;
        }
        catch
        {
            await server.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A demo of the default size against this server's ports.</summary>
    public DemoOptions DemoOptions() => new()
    {
        Host = LoopbackOf(settings.Bind),
        GrpcPort = GrpcPort,
        HttpPort = HttpPort,
        ApiPort = ApiPort,
        ClickHouseHttpPort = ClickHousePort,
        Database = settings.Store.Database,
    };

    /// <summary>Says in a few lines what listens where.</summary>
    public async Task AnnounceAsync(TextWriter output)
    {
        var host = settings.Bind.ToString();
        var otlp = $"OTLP/gRPC {host}:{GrpcPort} · OTLP/HTTP http://{host}:{HttpPort}/v1/traces";
        await output.WriteLineAsync($"{otlp} · API http://{host}:{ApiPort}/api/v1").ConfigureAwait(false);
        var sql = ClickHousePort == 0 ? "" : $" · SQL http://{host}:{ClickHousePort} (read-only)";
        var where = settings.Store.Mode == StoreMode.Embedded
            ? $"embedded store in {settings.DataDirectory}"
            : $"store at {settings.Store.ShownUrl}";
        await output.WriteLineAsync($"{where}{sql} · stop with Ctrl+C").ConfigureAwait(false);
    }

    /// <summary>
    /// Completes when the stop is asked for, or when the journal's writer or the pipeline has died or another process has taken
    /// the node id; then <see cref="ExitCode"/> is not 0.
    /// </summary>
    public async Task WaitAsync(CancellationToken stop)
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = stop.Register(asked.SetResult).ConfigureAwait(false);
        var ends = new ServerEnds { Journal = journalRun, Pipeline = pipelineRun, Claim = claim?.Lost, Audit = auditRun };
        if (await ends.FirstAsync(asked.Task).ConfigureAwait(false) is not { } fault || leaving) return;
        ExitCode = 1;
        await Console.Error.WriteLineAsync($"error: {fault}").ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        leaving = true;
        deadline.Begin(ExitCode);
        intake?.Close();
        await closing.CloseAsync(Console.Error).ConfigureAwait(false);
        ended.Dispose();
    }

    private async Task OpenAsync(IConfiguration configuration, bool quiet, TimeProvider clock, bool listen,
        CancellationToken stop)
    {
        var cardFiles = ServerRates.ReadFiles(settings);
        OpenAttribution(null);
        var files = new DataFiles(settings);

        var startId = NodeClaim.NewId();
        var (journal, spool, instance) = files.Open(clock, out var events);
        closing.Push(journal);
        store = await OpenStore.OpenAsync(settings.Store, settings.DataDirectory, stop).ConfigureAwait(false);
        closing.Push(store.DisposeAsync);
        rates = await ServerRates.OpenAsync(settings, cardFiles, store.Transport, clock, stop).ConfigureAwait(false);
        closing.Push(rates);
        var kept = await LoadKeptKeysAsync(stop).ConfigureAwait(false);
        var keys = KeptKeys.With(settings.Attribution, kept, rates.Book);
        var attribution = OpenAttribution(keys);

        var builder = BareHost.New(configuration, quiet);
        intake = new JournalIntake(journal.Appender, clock);
        var intakeMetrics = new IntakeMetrics();
        var readers = new OtlpReaderPool(keys, settings.Intake.ToLimits(), idleMax: Environment.ProcessorCount * 2);
        closing.Push(readers);
        var snapshots = new CostingSnapshots(rates.Book, attribution);
        rates.Publisher.Attach(snapshots, listen ? keys : null);
        builder.Services.AddSingleton(clock);
        builder.Services.AddSingleton(store.Transport);
        builder.Services.AddSingleton(new RatesInForce(() => snapshots.Current.Rates, () => rates.Publisher.Catalogue));
        builder.Services.AddSingleton<IAudits>(provider => new AuditorAudits(Auditor));
        builder.Services.AddSingleton<IQuarantine>(provider => new RefusedQuarantine(RefusedPostings));
        builder.Services.AddSingleton<IRates>(rates);
        builder.Services.AddSingleton<IRepricings>(new ServerRepricings(() => Repricer));
        builder.Services.AddSingleton<IAdjustments>(new ServerAdjustments(() => Adjuster));
        builder.Services.AddSingleton(provider => new PipelineStatus(settings, pipeline!, journal, spool, intake, intakeMetrics,
            provider.GetRequiredService<IAudits>(), clock));
        builder.Services.AddSingleton<IPipelineStatus>(provider => provider.GetRequiredService<PipelineStatus>());
        builder.Services.AddSingleton<IOpenCosts>(provider => provider.GetRequiredService<PipelineStatus>());
        builder.Services.AddCostAttributionApi(settings.Api);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            Listening.Harden(kestrel);
            kestrel.ListenForOtlp(settings.Bind, settings.Intake);
            kestrel.Listen(settings.Bind, settings.ApiPort);
        });

        var app = builder.Build();
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("CostAttribution");
        events.Logger = logger;
        if (settings.Store.Mode == StoreMode.Remote)
        {
            claim = await NodeClaim.TakeAsync(store.Transport, settings, instance, startId, clock, logger, stop)
                .ConfigureAwait(false);
            closing.Push(claim.DisposeAsync);
            // From here on another process posts under this id, perhaps the same spans: nothing more is sent.
            _ = claim.Lost.ContinueWith(_ => ended.Cancel(), CancellationToken.None,
                TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
        var metered = new MeteredStore(store.Transport, clock);
        closing.Push(metered.DisposeAsync);
        pipeline = new IngestPipeline(new PipelineParts
        {
            Journal = journal, JournalBytesMax = settings.Journal.JournalBytesMax, Spool = spool, Store = metered,
            IsSoleWriter = settings.Store.Mode == StoreMode.Embedded,
            Keys = keys, Snapshots = snapshots, Clock = clock, NodeId = settings.NodeId, StartId = startId,
            Assembly = settings.Assembly, Posting = settings.Posting,
            Limits = settings.Intake.ToLimits().Tracing, Logger = logger,
        });
        Auditor = new Auditor(new AuditParts
        {
            Pipeline = pipeline, Store = store.Transport, Spool = spool, Options = settings.Audit,
            NodeId = settings.NodeId, StartId = startId, Clock = clock, Logger = logger,
        });
        closing.Push(new DiskUpkeep(journal, spool, settings.Journal.FreeBytesMin,
            () => pipeline.State == PipelineState.Running, clock, logger).DisposeAsync);
        RefusedPostings = new RefusedPostings(pipeline, spool, keys, clock);
        Repricer = new Repricer(new RepricerParts
        {
            Pipeline = pipeline, Store = store.Transport, Snapshots = snapshots, Publisher = rates.Publisher,
            NodeId = settings.NodeId, Clock = clock, Logger = logger,
        });
        rates.Repricer = Repricer;
        closing.Push(Repricer);
        Adjuster = new Adjuster(new AdjusterParts
        {
            Pipeline = pipeline, Store = store.Transport, Snapshots = snapshots, Options = settings.Adjustments,
            NodeId = settings.NodeId, Clock = clock, Logger = logger,
        });
        closing.Push(Adjuster);
        app.UseOtlp(intake, readers, settings.Intake, intakeMetrics, clock, logger);
        app.MapCostAttributionApi();
        closing.Push(pipeline);
        if (listen)
        {
            var ports = await ListenAsync(app).ConfigureAwait(false);
            (GrpcPort, HttpPort, ApiPort) = (ports[0], ports[1], ports[2]);
            MeasureSelf(app.Services, journal, configuration, clock, ports, logger);
            closing.Push(StopStagesAsync);
            closing.Push(() => StopAsync(app, StopDeadline.RequestsPercent));
            if (store.Engine is { } engine && settings.Store.HttpPort != StoreSettings.NoPort)
                await ServeSqlAsync(engine, configuration, quiet).ConfigureAwait(false);
        }
        else
        {
            closing.Push(app.DisposeAsync);
            closing.Push(StopStagesAsync);
        }

        journalRun = journal.Appender.RunAsync(ended.Token);
        pipelineRun = pipeline.RunAsync(ended.Token);
        await Task.WhenAny(pipeline.Recovered, pipelineRun).WaitAsync(stop).ConfigureAwait(false);
        if (claim?.Lost.Exception?.GetBaseException() is { } lost) throw new StartupException(lost.Message);
        if (pipelineRun.IsFaulted)
            throw new StartupException($"recovery failed: {pipelineRun.Exception!.GetBaseException().Message}");
        if (!listen) return;
        auditRun = Auditor.RunScheduleAsync(ended.Token);
        ratesRun = Task.WhenAll(rates.Publisher.RunAsync(logger, ended.Token), Repricer.RunQueueAsync(ended.Token),
            Adjuster.RunScheduleAsync(ended.Token));
        intake.Open();
    }

    // The last figures go out once the stages have ended.
    private void MeasureSelf(IServiceProvider services, DurableJournal journal, IConfiguration configuration, TimeProvider clock,
        int[] ports, ILogger logger)
    {
        var meter = new SelfMeter(services.GetRequiredService<IPipelineStatus>(), journal, clock);
        closing.Push(meter);
        closing.Push(MetricExport.Start(settings.Telemetry, configuration, settings.NodeId, settings.Bind, ports, logger));
    }

    // A host of its own: none of its routes can ever answer on another port.
    private async Task ServeSqlAsync(ChdbEngine engine, IConfiguration configuration, bool quiet)
    {
        var builder = BareHost.New(configuration, quiet);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            Listening.Harden(kestrel);
            kestrel.Listen(settings.Bind, settings.Store.HttpPort);
        });
        var app = builder.Build();
        app.MapClickHouseHttp(engine, new ClickHouseHttpOptions
        {
            Database = settings.Store.Database, User = settings.Store.User, Password = settings.Store.Password,
        });
        ClickHousePort = (await ListenAsync(app).ConfigureAwait(false))[0];
        closing.Push(() => StopAsync(app, StopDeadline.QueriesPercent));
    }

    private async Task<IReadOnlyList<string>> LoadKeptKeysAsync(CancellationToken stop)
    {
        try
        {
            return await KeptKeys.LoadAsync(new SnapshotArchive(Store), stop).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is StoreUnavailableException or ClickHouseException)
        {
            throw new StartupException(OpenStore.Describe(fault, settings.Store));
        }
    }

    private AttributionTable OpenAttribution(AttributeKeyTable? keys)
    {
        var faults = new List<string>();
        return AttributionTableBuilder.Build(settings.Attribution, keys, faults) ?? throw new StartupException(faults);
    }

    private async Task<int[]> ListenAsync(WebApplication app)
    {
        try
        {
            await app.StartAsync().ConfigureAwait(false);
        }
        catch (Exception fault) when (Listening.IsPortFault(fault))
        {
            throw new StartupException(Listening.Describe(fault,
                ("Otlp:GrpcPort", settings.Intake.GrpcPort), ("Otlp:HttpPort", settings.Intake.HttpPort),
                ("Api:Port", settings.ApiPort), ("ClickHouse:HttpPort", settings.Store.HttpPort)));
        }
        catch (InvalidDataException fault)
        {
            throw new StartupException(fault.Message);
        }
        var listening = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        return [.. listening.Addresses.Select(address => new Uri(address).Port)];
    }

    // Closes the ports and waits for requests under way; connections that are still open then are cut.
    private async ValueTask StopAsync(WebApplication app, int percent)
    {
        using var limit = deadline.Until(percent);
        try
        {
            await app.StopAsync(limit.Token).ConfigureAwait(false);
        }
        finally
        {
            await app.DisposeAsync().ConfigureAwait(false);
        }
    }

    // Nothing they use may be disposed while they run: should they hang, the deadline ends the process.
    private async ValueTask StopStagesAsync()
    {
        if (!ended.IsCancellationRequested)
        {
            using var late = deadline.Until(StopDeadline.PostingPercent);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(late.Token, ended.Token);
            await pipeline!.DrainAsync(limit.Token).ConfigureAwait(false);
        }
        await ended.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(pipelineRun.ContinueWith(static _ => { }, TaskScheduler.Default), journalRun, ratesRun,
            (auditRun ?? Task.CompletedTask).ContinueWith(static _ => { }, TaskScheduler.Default)).ConfigureAwait(false);
    }

    private static string LoopbackOf(IPAddress bind) =>
        bind.Equals(IPAddress.Any) ? "127.0.0.1" : bind.Equals(IPAddress.IPv6Any) ? "[::1]" : bind.ToString();
}
