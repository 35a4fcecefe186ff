using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Tracing;
using CostAttribution.Domain.Usage;
using CostAttribution.RateCards;
using CostAttribution.Testing.Costing;
using CostAttribution.Workload;
using CostAttribution.Workload.Dialects;
using CostAttribution.Workload.Product;
using CostAttribution.Workload.Runs;
using WireKind = CostAttribution.Workload.Otlp.SpanKind;

namespace CostAttribution.UnitTests.Costing;

/// <summary>What happened, whoever tells it: one agent and its calls, with what the provider billed for each.</summary>
internal sealed record LogicalRun(ModelProfile Model, IReadOnlyList<ProviderCall> Calls)
{
    /// <summary>Chats of every outcome, growing prompts, caches read and written, sometimes an embedding before them.</summary>
    public static LogicalRun Make(Random random, ModelProfile model)
    {
        var calls = new List<ProviderCall>();
        if (model.Provider == Provider.OpenAi && random.Next(3) == 0)
        {
            calls.Add(new ProviderCall(CallKind.Embedding, Models.EmbeddingSmall, new CallUsage(1 + random.Next(9_000)),
                CallOutcome.Answered, Stream: false, $"resp_{random.NextInt64():x}", 0));
        }
        for (var turn = 0; turn < 1 + random.Next(5); turn++)
        {
            var outcome = random.Next(10) switch
            {
                0 => CallOutcome.Rejected, 1 => CallOutcome.Unusable, 2 => CallOutcome.NoUsage, _ => CallOutcome.Answered,
            };
            var usage = outcome is CallOutcome.Rejected or CallOutcome.NoUsage ? default : Usage(random, model);
            var id = outcome == CallOutcome.Rejected ? "" : $"resp_{random.NextInt64():x}";
            calls.Add(new ProviderCall(CallKind.Chat, model, usage, outcome, Stream: outcome == CallOutcome.NoUsage, id, turn));
        }
        return new LogicalRun(model, calls);
    }

    // Sizes on both sides of the context thresholds, and zero now and then.
    private static CallUsage Usage(Random random, ModelProfile model)
    {
        long Up(int most) => random.Next(6) == 0 ? 0 : random.Next(1, random.Next(2) == 0 ? most : Math.Max(2, most / 50));
        var write = model.WritesCache;
        var read = write || model.ReadsCacheUnasked;
        return new CallUsage(1 + Up(150_000), read ? Up(120_000) : 0, write ? Up(30_000) : 0, write ? Up(30_000) : 0,
            1 + Up(8_000), model.Reasons ? Up(9_000) : 0);
    }
}

/// <summary>A logical run as the spans of one instrumentation.</summary>
internal sealed class ToldRun
{
    private static readonly UInt128 Trace = new(TracePlan.TraceId.High, TracePlan.TraceId.Low);

    private ToldRun(IReadOnlyList<SpanPlan> spans, Dictionary<string, ProviderCall> calls) => (Spans, Calls) = (spans, calls);

    public static RateBook Shipped { get; } = RateCardFiles.Load(null).Book!;

    public IReadOnlyList<SpanPlan> Spans { get; }

    /// <summary>The provider's calls by the id of the span whose row should stand for each.</summary>
    public IReadOnlyDictionary<string, ProviderCall> Calls { get; }

    /// <summary>Each run as one agent, in the dialect beside it, below a common root with a customer.</summary>
    public static ToldRun Tell(int seed, params (LogicalRun Run, Dialect Dialect)[] parts)
    {
        var calls = new Dictionary<string, ProviderCall>();
        var build = new RunBuilder(new WorkloadRandom((ulong)seed), Trace, CustomerProfile.All[1], WorkflowProfile.All[0],
            CustomerProfile.All[1].Id, 0, (_, span, call) => calls[IdOf(span.SpanId)] = call);
        var service = ServiceProfile.Support;
        var root = build.Begin(null, service, new ScopeProfile("app"), "POST /ask", WireKind.Server)
            .Set("customer.id", CustomerProfile.All[1].Id);
        foreach (var (run, dialect) in parts)
        {
            var agent = dialect.BeginAgent(build, root, service, "helper", run.Model);
            foreach (var call in run.Calls)
            {
                var turn = dialect.BeginTurn(build, agent);
                dialect.Call(build, turn, service, call);
                if (call.Kind == CallKind.Chat) agent.Add(call);
                if (call.Turn % 2 == 0) dialect.Tool(build, turn, service, "lookup");
                dialect.EndTurn(build, agent, turn);
                build.Pass(1, 20);
            }
            dialect.EndAgent(build, agent, completed: true);
        }
        build.End(root);
        return new ToldRun([.. build.Spans.Select(Plan)], calls);
    }

    /// <summary>
    /// One run whose every call is told twice: by <paramref name="outer"/>, and by <paramref name="inner"/> inside or beside it at
    /// the same time, as when an SDK below an instrumentation has one of its own.
    /// </summary>
    public static List<SpanPlan> TellTwice(int seed, LogicalRun run, Dialect outer, Dialect inner, bool nested)
    {
        SimulatedSpan? told = null;
        var build = new RunBuilder(new WorkloadRandom((ulong)seed), Trace, CustomerProfile.All[1], WorkflowProfile.All[0],
            CustomerProfile.All[1].Id, 0, (_, span, _) => told = span);
        var service = ServiceProfile.Support;
        var root = build.Begin(null, service, new ScopeProfile("app"), "POST /ask", WireKind.Server)
            .Set("customer.id", CustomerProfile.All[1].Id);
        var times = new Dictionary<ulong, (long Start, long End)>();
        foreach (var call in run.Calls)
        {
            outer.Call(build, root, service, call);
            var (first, span) = (build.Spans.Count, told!);
            inner.Call(build, nested ? span : root, service, call);
            foreach (var below in build.Spans.Skip(first)) times[below.SpanId] = (span.StartNanos, span.EndNanos);
            build.Pass(5, 20);
        }
        build.End(root);
        return [.. build.Spans.Select(span => times.TryGetValue(span.SpanId, out var time)
            ? Plan(span) with { StartMillis = time.Start / 1_000_000, EndMillis = time.End / 1_000_000 } : Plan(span))];
    }

    /// <summary>What the provider's list price asks for <paramref name="usage"/>, at the start of the run.</summary>
    public static Money PriceOf(ModelProfile model, CallUsage usage)
    {
        CostBreakdown cost = default;
        var request = new PricingRequest
        {
            Provider = model.Provider switch
            {
                Provider.OpenAi => "openai", Provider.Anthropic => "anthropic", Provider.Gemini => "gcp.gemini", _ => "aws.bedrock",
            },
            Model = model.ResponseName, RequestModel = model.RequestName, Region = model.RegionPrefix.TrimEnd('.'),
            ServiceTier = "", EventTimeNanos = (long)TracePlan.BaseNanos,
        };
        var vector = new UsageVector
        {
            InputTokens = usage.Input, CacheReadTokens = usage.CacheRead, CacheWriteTokens = usage.CacheWrite5m,
            CacheWrite1hTokens = usage.CacheWrite1h, OutputTokens = usage.Output, ReasoningTokens = usage.Reasoning,
        };
        Pricer.Price(Shipped, in request, in vector, ref cost);
        Assert.Equal(PriceStatus.Priced, cost.Status);
        return cost.Cost;
    }

    public static string IdOf(ulong spanId) => spanId == 0 ? "" : $"{spanId:x16}";

    private static SpanPlan Plan(SimulatedSpan span) => new()
    {
        Id = IdOf(span.SpanId), Parent = IdOf(span.ParentSpanId), Name = span.Name, Kind = (SpanKind)span.Kind,
        Status = (SpanStatus)span.Status, StartMillis = span.StartNanos / 1_000_000, EndMillis = span.EndNanos / 1_000_000,
        Scope = span.Scope.Name, ScopeVersion = span.Scope.Version, SchemaUrl = span.Scope.SchemaUrl,
        Resource = [new("service.name", span.Service.Name), new("telemetry.sdk.language", span.Service.Language)],
        Attributes = [.. span.Attributes.Select(attribute => new KeyValuePair<string, object>(attribute.Key,
            attribute.Text ?? (attribute.IsBool ? attribute.Number != 0 : (object)attribute.Number)))],
    };
}
