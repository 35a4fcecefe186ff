using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CostAttribution.Api;
using CostAttribution.Api.Adjustments;
using CostAttribution.Api.Audits;
using CostAttribution.Api.Pipeline;
using CostAttribution.Api.Quarantine;
using CostAttribution.Api.Rates;
using CostAttribution.Api.Repricings;
using CostAttribution.ClickHouse.Adjustments;
using CostAttribution.ClickHouse.Auditing;
using CostAttribution.ClickHouse.Rates;
using CostAttribution.ClickHouse.Repricing;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Pricing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CostAttribution.UnitTests.Api;

/// <summary>The control plane on a real port of the loopback interface, with everything behind it replaced.</summary>
internal sealed class ApiHost : IAsyncDisposable, IPipelineStatus, IOpenCosts, IAudits, IQuarantine, IRates, IRepricings, IAdjustments
{
    public static readonly DateTimeOffset Now = new(2026, 3, 15, 10, 20, 30, TimeSpan.Zero);

    private readonly WebApplication app;

    private ApiHost(RecordingTransport transport, IClickHouseTransport behind, ApiOptions options)
    {
        Transport = transport;
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(behind);
        builder.Services.AddSingleton<TimeProvider>(new FixedClock());
        builder.Services.AddSingleton<IPipelineStatus>(this);
        builder.Services.AddSingleton<IOpenCosts>(this);
        builder.Services.AddSingleton<IAudits>(this);
        builder.Services.AddSingleton<IQuarantine>(this);
        builder.Services.AddSingleton(new RatesInForce(() => Catalogue?.Current ?? RateBook.Empty, () => Catalogue));
        builder.Services.AddSingleton<IRates>(this);
        builder.Services.AddSingleton<IRepricings>(this);
        builder.Services.AddSingleton<IAdjustments>(this);
        builder.Services.AddCostAttributionApi(options);
        app = builder.Build();
        app.MapCostAttributionApi();
    }

    public RecordingTransport Transport { get; }

    public HttpClient Client { get; private set; } = new();

    public PipelineSnapshot Snapshot { get; set; } = HealthySnapshot();

    public IReadOnlyList<OpenCostFigure> Open { get; set; } = [];

    /// <summary>The audit under way, and the one that ended last.</summary>
    public AuditReport? Current { get; set; }
    public AuditReport? Last { get; set; }

    /// <summary>The rate cards at hand; null = none.</summary>
    public RateCatalogue? Catalogue { get; set; }

    /// <summary>What audits were asked for.</summary>
    public List<AuditRequest> AuditsAsked { get; } = [];

    public AuditReport? TryStart(AuditRequest request)
    {
        if (Current is not null) return null;
        AuditsAsked.Add(request);
        return Current = new AuditReport
        {
            Id = "node-1-1", Node = "node-1", Trigger = request.Trigger, State = AuditState.Running, StartedAt = Now,
            DryRun = request.DryRun,
        };
    }

    /// <summary>What is in quarantine, and what was posted out of it.</summary>
    public List<RefusedPosting> Refused { get; } = [];
    public List<string> PostedAgain { get; } = [];

    IReadOnlyList<RefusedPosting> IQuarantine.List() => [.. Refused.Select(posting => posting.Listed())];

    RefusedPosting? IQuarantine.Find(string postingId) => Refused.Find(posting => posting.PostingId == postingId);

    Task<RefusedResult?> IQuarantine.PostAsync(string postingId, CancellationToken cancel)
    {
        if (Refused.RemoveAll(posting => posting.PostingId == postingId) == 0) return Task.FromResult<RefusedResult?>(null);
        PostedAgain.Add(postingId);
        return Task.FromResult<RefusedResult?>(new RefusedResult(postingId, RefusedOutcome.Posted, 3, ""));
    }

    /// <summary>What was to be published, and what is answered.</summary>
    public List<(IReadOnlyList<RateFile> Files, bool DryRun)> Published { get; } = [];
    public RatePublication Publication { get; set; } =
        new() { InForce = true, DryRun = false, RateBookVersion = "2", PreviousVersion = "1" };

    Task<RatePublication> IRates.PublishAsync(IReadOnlyList<RateFile> files, bool dryRun, CancellationToken cancel)
    {
        Published.Add((files, dryRun));
        return Task.FromResult(Publication);
    }

    /// <summary>Re-pricings asked for, and the one under way.</summary>
    public List<RepricingRequest> RepricingsAsked { get; } = [];
    public RepricingReport? Repricing { get; set; }
    public IReadOnlyList<RateFault> RepricingFaults { get; set; } = [];

    RepricingReport? IRepricings.Current => Repricing;
    RepricingReport? IRepricings.Last => null;

    Task<RepricingStart> IRepricings.StartAsync(RepricingRequest request, CancellationToken cancel)
    {
        if (RepricingFaults.Count > 0) return Task.FromResult(new RepricingStart(null, RepricingFaults));
        if (Repricing is not null) return Task.FromResult(RepricingStart.Busy);
        RepricingsAsked.Add(request);
        return Task.FromResult(new RepricingStart(Repricing = new RepricingReport
        {
            Id = "node-1-2", Node = "node-1", Kind = request.Kind, State = RepricingState.Running, StartedAt = Now, RateBookVersion = "7",
        }, []));
    }

    /// <summary>What was to be settled, and what is in the way.</summary>
    public List<AdjustmentRequest> AdjustmentsAsked { get; } = [];
    public AdjustmentReport? Adjustment { get; set; }
    public string AdjustmentFault { get; set; } = "";

    AdjustmentReport? IAdjustments.Current => Adjustment;
    AdjustmentReport? IAdjustments.Last => null;

    Task<AdjustmentStart> IAdjustments.StartAsync(AdjustmentRequest request, CancellationToken cancel)
    {
        if (AdjustmentFault.Length > 0 || Adjustment is not null) return Task.FromResult(new AdjustmentStart(null, AdjustmentFault));
        AdjustmentsAsked.Add(request);
        return Task.FromResult(new AdjustmentStart(Adjustment = new AdjustmentReport
        {
            Id = "node-1-3", Node = "node-1", State = AdjustmentState.Running, StartedAt = Now, RateBookVersion = "7",
        }));
    }

    bool IRepricings.Cancel(string id) => Repricing?.Id == id;

    public static async Task<ApiHost> StartAsync(ApiOptions? options = null)
    {
        var transport = new RecordingTransport();
        var host = new ApiHost(transport, transport, options ?? new ApiOptions());
        await host.app.StartAsync(TestContext.Current.CancellationToken);
        host.Client = new HttpClient { BaseAddress = new Uri(host.app.Urls.Single()) };
        return host;
    }

    PipelineSnapshot IPipelineStatus.Read() => Snapshot;

    OpenCostSnapshot IOpenCosts.Read() => new(Now, Open);

    public async Task<(HttpStatusCode Status, JsonNode Body)> GetAsync(string address)
    {
        using var response = await Client.GetAsync(new Uri(address, UriKind.Relative), TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var expected = (int)response.StatusCode >= 400 && !address.StartsWith("/health", StringComparison.Ordinal)
            ? "application/problem+json" : "application/json";
        Assert.StartsWith(expected, response.Content.Headers.ContentType!.ToString(), StringComparison.Ordinal);
        return (response.StatusCode, JsonNode.Parse(text)!);
    }

    public async Task<(HttpStatusCode Status, JsonNode Body, Uri? Location)> PostAsync(string address, string? body = null)
    {
        using var content = body is null ? null : new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await Client.PostAsync(new Uri(address, UriKind.Relative), content, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return (response.StatusCode, JsonNode.Parse(text)!, response.Headers.Location);
    }

    private static readonly JsonSerializerOptions IndentedOptions = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Indented(JsonNode node) => node.ToJsonString(IndentedOptions);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.DisposeAsync();
    }

    public static PipelineSnapshot HealthySnapshot() => new()
    {
        AsOf = Now,
        StartedAt = Now.AddHours(-1),
        Requests = 12,
        Spans = new SpanCounts { Received = 1000, Journaled = 990, Open = 40, Posted = 950, Refused = 10 },
        RowsPosted = 310,
        Lag = new PipelineLag { Bytes = 4096, Seconds = 1.5 },
        OpenTraces = new OpenTraces { Count = 7, MemoryBytes = 40_000, MemoryBytesMax = 512L * 1024 * 1024, Observations = 90 },
        OpenCost = new OpenCostSummary { Cost = Money.Parse("0.5"), Calls = 3, OldestReceivedAt = Now.AddSeconds(-4) },
        Reasons = new Dictionary<string, IReadOnlyDictionary<string, long>>
        {
            ["intake"] = new Dictionary<string, long> { ["bad_span_id"] = 10 },
            ["costing"] = new Dictionary<string, long> { ["unpriced_model"] = 2 },
        },
        Journal = new PartStatus(PartState.Healthy, ""),
        Posting = new PartStatus(PartState.Healthy, ""),
        Recovery = new PartStatus(PartState.Healthy, ""),
        Audit = new AuditSummary
        {
            Status = new PartStatus(PartState.Healthy, ""), Running = false, AuditId = "node-1-1", EndedAt = Now.AddMinutes(-5),
            Found = 2, Repaired = 2,
        },
        SetAside = new SetAsideSummary
        {
            Traces = 1, TraceIds = ["000102030405060708090a0b0c0d0e0f"], RefusedPostings = 0, DamagedPostings = 1,
            DamagedPostingFiles = ["node-1.damaged"],
        },
        Limits = [new PipelineLimit("Otlp:RequestBytesMax", 4 * 1024 * 1024, "bytes", 0)],
    };

    private sealed class FixedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Now;
    }
}
