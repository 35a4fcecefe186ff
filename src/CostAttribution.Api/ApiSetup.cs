using CostAttribution.Api.Adjustments;
using CostAttribution.Api.Audits;
using CostAttribution.Api.Costs;
using CostAttribution.Api.Describe;
using CostAttribution.Api.Flags;
using CostAttribution.Api.Health;
using CostAttribution.Api.Json;
using CostAttribution.Api.Mediation;
using CostAttribution.Api.Pipeline;
using CostAttribution.Api.Problems;
using CostAttribution.Api.Quarantine;
using CostAttribution.Api.Rates;
using CostAttribution.Api.Reading;
using CostAttribution.Api.ReportedCosts;
using CostAttribution.Api.Repricings;
using CostAttribution.Api.Requests;
using CostAttribution.Api.Runs;
using CostAttribution.Api.Spans;
using CostAttribution.Api.Unpriced;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace CostAttribution.Api;

/// <summary>The control plane's two entry points.</summary>
public static class ApiSetup
{
    /// <summary>
    /// Registers the control plane. The host brings <c>IClickHouseTransport</c>, <see cref="TimeProvider"/>,
    /// <see cref="IPipelineStatus"/>, <see cref="IOpenCosts"/>, <see cref="IAudits"/>, <see cref="IQuarantine"/>,
    /// <see cref="IRates"/>, <see cref="IRepricings"/>, <see cref="IAdjustments"/> and <see cref="RatesInForce"/>, all as
    /// singletons. Throws <see cref="ArgumentException"/> with every fault of the options.
    /// </summary>
    public static IServiceCollection AddCostAttributionApi(this IServiceCollection services, ApiOptions options)
    {
        var faults = options.Faults();
        if (faults.Count > 0) throw new ArgumentException(string.Join("; ", faults), nameof(options));

        services.AddSingleton(options);
        services.AddSingleton<StoreReader>();
        services.AddSingleton<GetUnpriced.CeilingCache>();
        services.AddMediation();
        services.ConfigureHttpJsonOptions(json => JsonSetup.Apply(json.SerializerOptions));
        services.AddDescription();
        return services;
    }

    /// <summary>
    /// Maps every route. What is put on the returned builder, authorization for example, holds for <c>/api</c> only: health
    /// and the description stay open.
    /// </summary>
    public static IEndpointConventionBuilder MapCostAttributionApi(this IEndpointRouteBuilder endpoints)
    {
        MapHealth(endpoints);
        endpoints.MapDescription();

        var all = endpoints.MapGroup("/api/v1");
        var api = all.MapGroup("");
        Guard(api);
        var bodies = all.MapGroup("");
        Guard(bodies, RequestBody.BytesMax);
        MapCosts(api);
        MapRuns(api);
        MapSpans(api);
        MapPipeline(api);
        AuditRoutes.Map(api);
        QuarantineRoutes.Map(api);
        RateCardRoutes.Map(api);
        UnpricedRoutes.Map(api);
        ReportedCostRoutes.Map(api);
        FlagRoutes.Map(api);
        RepricingRoutes.Map(api);
        AdjustmentRoutes.Map(api);
        RateRoutes.MapBodies(bodies);
        RepricingRoutes.MapBodies(bodies);
        RouteFallback.Map(endpoints);
        return all;
    }

    private static void MapCosts(RouteGroupBuilder api) =>
        api.MapGet("/costs", async (HttpRequest request, IMediator mediator, CancellationToken cancel) =>
                Results.Ok(await mediator.Send(new GetCosts.Query(Values(request)), cancel)))
            .Describe<GetCosts.Answer>("getCosts", "Costs", "Costs by any dimensions in any range",
                "Whole hours are read from hourly sums and the ragged ends from the ledger, so any half-open range is exact. "
                + "Rows are net of all corrections. Money is in USD as decimal strings.", GetCosts.Parameters)
            .FailsWithStore();

    private static void MapRuns(RouteGroupBuilder api)
    {
        api.MapGet("/runs", async (HttpRequest request, IMediator mediator, CancellationToken cancel) =>
                Results.Ok(await mediator.Send(new ListRuns.Query(Values(request)), cancel)))
            .Describe<ListRuns.Answer>("listRuns", "Runs", "Workflow runs, page by page",
                "A run is one trace, or all traces that carry the same explicit run id. "
                + "Runs that are corrected between two pages may move to another page.", ListRuns.Parameters)
            .FailsWithStore();

        api.MapGet("/runs/{runId}", async (string runId, HttpRequest request, IMediator mediator, CancellationToken cancel) =>
                await mediator.Send(new GetRun.Query(runId, Values(request)), cancel) is { } answer
                    ? Results.Ok(answer)
                    : new ProblemResult(
                        Problem.NotFound(
                        $"no run '{Fault.Shown(runId)}' has been posted; a trace without usage or priced items makes no run")))
            .Describe<GetRun.Answer>("getRun", "Runs", "One run with its span tree",
                "Per span: what it was, whether it is billed or which span supersedes it, its usage, its cost by component, "
                + "and whose cost it is by what evidence.", GetRun.Parameters)
            .Explains("runId", "Explicit run id, else the trace id.", "4bf92f3577b34da6a3ce929d0e0e4736")
            .FailsWithStore()
            .Produces<Problem>(StatusCodes.Status404NotFound, Problem.ContentType);
    }

    private static void MapSpans(RouteGroupBuilder api) =>
        api.MapGet("/spans/{traceId}/{spanId}/explain",
            async (string traceId, string spanId, HttpRequest request, IMediator mediator, CancellationToken cancel) =>
                await mediator.Send(new ExplainSpan.Query(traceId, spanId, Values(request)), cancel) is { } answer
                    ? Results.Ok(answer)
                    : new ProblemResult(
                        Problem.NotFound(
                        $"span {Fault.Shown(spanId)} of trace {Fault.Shown(traceId)} is not in the store: it was never "
                        + $"received, is not posted yet, or belongs to a trace without cost")))
            .Describe<ExplainSpan.Answer>("explainSpan", "Spans", "Every ledger row of a span, with the reason for each number",
                "Answers also for spans that are not billed: they say why not, and which span is billed instead.",
                    ExplainSpan.Parameters)
            .Explains("traceId", "32 hexadecimal digits.", "4bf92f3577b34da6a3ce929d0e0e4736")
            .Explains("spanId", "16 hexadecimal digits.", "00f067aa0ba902b7")
            .FailsWithStore()
            .Produces<Problem>(StatusCodes.Status404NotFound, Problem.ContentType);

    private static void MapPipeline(RouteGroupBuilder api) =>
        api.MapGet("/pipeline", async (HttpRequest request, IMediator mediator, CancellationToken cancel) =>
                Results.Ok(await mediator.Send(new GetPipeline.Query(Values(request)), cancel)))
            .Describe<PipelineSnapshot>("getPipeline", "Pipeline", "What the data plane is doing",
                "Spans received, journaled, open, posted and refused, how far posting is behind, and every reason for which "
                + "something was refused, guessed, cut or corrected. Counts begin at the start of the process.",
                    GetPipeline.Parameters);

    private static void MapHealth(IEndpointRouteBuilder endpoints)
    {
        var health = endpoints.MapGroup("/health");
        Guard(health);
        health.MapGet("/live", () => Results.Ok(new Liveness("live")))
            .Describe<Liveness>("getLiveness", "Health", "The process is up",
                "Looks at nothing else: a failure means that the process should be restarted.", null);
        health.MapGet("/ready", async (IMediator mediator, CancellationToken cancel) =>
            {
                var answer = await mediator.Send(new GetReadiness.Query(), cancel);
                var ready = answer.Checks.All(check => check.Ok);
                return Results.Json(answer, statusCode: ready ? StatusCodes.Status200OK
                    : StatusCodes.Status503ServiceUnavailable);
            })
            .Describe<GetReadiness.Answer>("getReadiness", "Health", "The process can take spans and answer questions",
                "Ready when the store answers, the journal works and the recovery after the start has finished; otherwise 503 "
                    + "with the reasons.", null)
            .Produces<GetReadiness.Answer>(StatusCodes.Status503ServiceUnavailable);
    }

    private static void Guard(RouteGroupBuilder group, int bodyBytesMax = 0)
    {
        group.WithMetadata(new RequestSizeLimitAttribute(bodyBytesMax));
        group.AddEndpointFilterFactory((context, next) =>
        {
            var filter = ActivatorUtilities.CreateInstance<ProblemFilter>(context.ApplicationServices,
                new BodyRule(bodyBytesMax > 0));
            return invocation => filter.InvokeAsync(invocation, next);
        });
    }

    private static RequestValues Values(HttpRequest request) => RequestValues.FromQueryString(request.QueryString.Value);
}
