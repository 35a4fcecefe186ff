using CostAttribution.Api.Describe;
using CostAttribution.Api.Problems;
using CostAttribution.Api.Requests;
using CostAttribution.ClickHouse.Adjustments;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CostAttribution.Api.Adjustments;

/// <summary>The routes of adjustments.</summary>
internal static class AdjustmentRoutes
{
    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/adjustments", async (HttpRequest request, IMediator mediator, CancellationToken cancel) =>
                Results.Ok(await mediator.Send(new ListAdjustments.Query(Values(request)), cancel)))
            .Describe<ListAdjustments.Answer>("listAdjustments", "Adjustments", "What the periods of terms were settled at",
                "Per term and period: quantity, what it cost and what it costs by the term, the arithmetic, and who bears it.",
                ListAdjustments.Parameters)
            .FailsWithStore();

        api.MapPost("/adjustments",
            async (HttpRequest request, HttpResponse response, IMediator mediator, CancellationToken cancel) =>
                Begun(await mediator.Send(new StartAdjustments.Command(Values(request)), cancel), response))
            .Describe<AdjustmentReport>("startAdjustments", "Adjustments", "Settle the terms of the rate book in force",
                "Computes every period of the range and posts what differs from what stands: volume tiers, allowances, minimum "
                + "charges, commitments and capacity. With dryRun it counts only. Answers at once; the address in the Location "
                + "header tells how far it is. One at a time.", StartAdjustments.Parameters, StatusCodes.Status202Accepted)
            .Produces<Problem>(StatusCodes.Status409Conflict, Problem.ContentType).FailsWithStore();

        api.MapGet("/adjustments/runs/{runId}",
            async (string runId, HttpRequest request, IMediator mediator, CancellationToken cancel) =>
                await mediator.Send(new GetAdjustmentRun.Query(runId, Values(request)), cancel) is { } report
                    ? Results.Ok(report)
                    : new ProblemResult(Problem.NotFound($"no run '{Fault.Shown(runId)}' is under way or was the last to end")))
            .Describe<AdjustmentReport>("getAdjustmentRun", "Adjustments", "One run, under way or the last that ended",
                "How far it is, and what changed.", GetAdjustmentRun.Parameters)
            .Explains("runId", "As answered when it was started.", "node-1-19ab3c4d5e6-1")
            .Produces<Problem>(StatusCodes.Status404NotFound, Problem.ContentType);
    }

    private static IResult Begun(AdjustmentStart start, HttpResponse response)
    {
        if (start.Report is not { } begun) return new ProblemResult(Problem.AdjustmentsElsewhere(start.Fault));
        response.Headers.Location = $"/api/v1/adjustments/runs/{begun.Id}";
        return Results.Json(begun, statusCode: StatusCodes.Status202Accepted);
    }

    private static RequestValues Values(HttpRequest request) => RequestValues.FromQueryString(request.QueryString.Value);
}
