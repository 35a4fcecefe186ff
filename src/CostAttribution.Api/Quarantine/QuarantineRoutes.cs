using CostAttribution.Api.Describe;
using CostAttribution.Api.Problems;
using CostAttribution.Api.Requests;
using CostAttribution.ClickHouse.Auditing;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CostAttribution.Api.Quarantine;

/// <summary>The routes of refused postings.</summary>
internal static class QuarantineRoutes
{
    private const string Example = "node-1-19ab3c4d5e6-1.p3";

    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/quarantine", async (HttpRequest request, IMediator mediator, CancellationToken cancel) =>
                Results.Ok(await mediator.Send(new ListRefused.Query(Values(request)), cancel)))
            .Describe<ListRefused.Answer>("listRefused", "Quarantine", "Postings that the store refused",
                "What is not in the ledger because the store refused it for what it says: why, how many rows, how much money.",
                ListRefused.Parameters);

        api.MapGet("/quarantine/{postingId}",
            async (string postingId, HttpRequest request, IMediator mediator, CancellationToken cancel) =>
                await mediator.Send(new GetRefused.Query(postingId, Values(request)), cancel) is { } posting
                    ? Results.Ok(posting) : Unknown(postingId))
            .Describe<RefusedPosting>("getRefused", "Quarantine", "One refused posting with its traces",
                "Counts, money and traces; never what was said in a prompt.", GetRefused.Parameters)
            .Explains("postingId", "As listed.", Example)
            .Produces<Problem>(StatusCodes.Status404NotFound, Problem.ContentType);

        api.MapPost("/quarantine/{postingId}",
            async (string postingId, HttpRequest request, IMediator mediator, CancellationToken cancel) =>
                await mediator.Send(new PostRefused.Command(postingId, Values(request)), cancel) is { } result
                    ? Results.Ok(result) : Unknown(postingId))
            .Describe<RefusedResult>("postRefused", "Quarantine", "Post a refused posting again",
                "Its spans go back to their traces, which are costed again, and what the ledger lacks is posted. Nothing counts "
                + "twice, however often it is asked.", PostRefused.Parameters)
            .Explains("postingId", "As listed.", Example)
            .Produces<Problem>(StatusCodes.Status404NotFound, Problem.ContentType);
    }

    private static ProblemResult Unknown(string postingId) =>
        new(Problem.NotFound($"no refused posting '{Fault.Shown(postingId)}' is in quarantine"));

    private static RequestValues Values(HttpRequest request) => RequestValues.FromQueryString(request.QueryString.Value);
}
