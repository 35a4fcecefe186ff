using CostAttribution.Api.Describe;
using CostAttribution.Api.Problems;
using CostAttribution.Api.Requests;
using CostAttribution.ClickHouse.Repricing;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CostAttribution.Api.Repricings;

/// <summary>The routes of re-pricings.</summary>
internal static class RepricingRoutes
{
    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/repricings", async (HttpRequest request, IMediator mediator, CancellationToken cancel) =>
                Results.Ok(await mediator.Send(new ListRepricings.Query(Values(request)), cancel)))
            .Describe<ListRepricings.Answer>("listRepricings", "Repricings", "Re-pricings, dry runs and what-ifs, newest first",
                "What was asked, how far it is, and what differs by customer, provider, model and day.",
                ListRepricings.Parameters)
            .FailsWithStore();

        api.MapPost("/repricings",
            async (HttpRequest request, HttpResponse response, IMediator mediator, CancellationToken cancel) =>
                Begun(await mediator.Send(new StartRepricing.Command(Values(request)), cancel), response))
            .Describe<RepricingReport>("startRepricing", "Repricings", "Price what stands by a rate book",
                "Posts a reversal and a replacement for each row of the range whose price differs; usage and owner stay. With "
                + "dryRun it counts only. Answers at once; the address in the Location header tells how far it is. One at a "
                + "time.",
                StartRepricing.Parameters, StatusCodes.Status202Accepted)
            .Produces<Problem>(StatusCodes.Status409Conflict, Problem.ContentType).FailsWithStore();

        api.MapGet("/repricings/{repricingId}",
            async (string repricingId, HttpRequest request, IMediator mediator, CancellationToken cancel) =>
                await mediator.Send(new GetRepricing.Query(repricingId, Values(request)), cancel) is { } report
                    ? Results.Ok(report) : Unknown(repricingId))
            .Describe<RepricingReport>("getRepricing", "Repricings", "One re-pricing, under way or ended",
                "How far it is, and what differs.", GetRepricing.Parameters)
            .Explains("repricingId", "As answered when it was started or listed.", "node-1-19ab3c4d5e6-1")
            .FailsWithStore()
            .Produces<Problem>(StatusCodes.Status404NotFound, Problem.ContentType);

        api.MapDelete("/repricings/{repricingId}",
            async (string repricingId, HttpRequest request, IMediator mediator, CancellationToken cancel) =>
                await mediator.Send(new CancelRepricing.Command(repricingId, Values(request)), cancel)
                    ? Results.StatusCode(StatusCodes.Status202Accepted) : Unknown(repricingId))
            .WithName("cancelRepricing").WithTags("Repricings").WithSummary("End a re-pricing that is under way")
            .WithDescription("What it has posted stays; the same request again goes on where nothing is corrected yet.")
            .Explains("repricingId", "As answered when it was started or listed.", "node-1-19ab3c4d5e6-1")
            .Produces(StatusCodes.Status202Accepted)
            .Produces<Problem>(StatusCodes.Status404NotFound, Problem.ContentType);
    }

    public static void MapBodies(RouteGroupBuilder api) =>
        api.MapPost("/what-if",
            async (HttpRequest request, HttpResponse response, IMediator mediator, CancellationToken cancel) =>
            {
                var body = await RequestBody.ReadAsync<AskWhatIf.Body>(request, cancel);
                return Begun(await mediator.Send(new AskWhatIf.Command(body, Values(request)), cancel), response);
            })
            .Accepts<AskWhatIf.Body>("application/json")
            .Describe<RepricingReport>("askWhatIf", "Repricings", "What the past would have cost otherwise",
                "Under other rate cards, or with calls of one model moved to another. Posts nothing. Answers at once; the "
                + "address in the Location header tells the result.", AskWhatIf.Parameters, StatusCodes.Status202Accepted)
            .Produces<Problem>(StatusCodes.Status409Conflict, Problem.ContentType).FailsWithStore();

    private static IResult Begun(RepricingStart start, HttpResponse response)
    {
        if (start.Report is { } begun)
        {
            response.Headers.Location = $"/api/v1/repricings/{begun.Id}";
            return Results.Json(begun, statusCode: StatusCodes.Status202Accepted);
        }
        return new ProblemResult(start.Faults.Count == 0 ? Problem.RepricingUnderWay() : Problem.InvalidRequest(
            [.. start.Faults.Take(ApiLimits.FaultsMax).Select(fault => new Fault(fault.File.Length == 0 ? "book" : "files",
                fault.File.Length == 0 ? fault.Reason : $"{fault.File}:{fault.Line}: {fault.Reason}"))]));
    }

    private static ProblemResult Unknown(string id) => new(Problem.NotFound($"no re-pricing '{Fault.Shown(id)}' is known"));

    private static RequestValues Values(HttpRequest request) => RequestValues.FromQueryString(request.QueryString.Value);
}
