using CostAttribution.Api.Describe;
using CostAttribution.Api.Problems;
using CostAttribution.Api.Requests;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CostAttribution.Api.Rates;

/// <summary>The routes that show rate cards.</summary>
internal static class RateCardRoutes
{
    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/rates", async (HttpRequest request, IMediator mediator, CancellationToken cancel) =>
                Results.Ok(await mediator.Send(new ListRates.Query(Values(request)), cancel)))
            .Describe<ListRates.Answer>("listRates", "Prices", "Rate cards, as of one time and as known at another",
                "The cards of the book in force, or of the book as it was known earlier.", ListRates.Parameters);

        api.MapGet("/rates/resolve", async (HttpRequest request, IMediator mediator, CancellationToken cancel) =>
                Results.Ok(await mediator.Send(new ResolveRate.Query(Values(request)), cancel)))
            .Describe<ResolveRate.Answer>("resolveRate", "Prices", "Which card prices a call, and what each unit costs",
                "Exactly as costing asks the book, but for thresholds: the prices are those of a small request.",
                ResolveRate.Parameters);

        api.MapGet("/rates/{**cardId}",
            async (string cardId, HttpRequest request, IMediator mediator, CancellationToken cancel) =>
            {
                // A server leaves an encoded slash as it is, and ids hold slashes.
                var id = cardId.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
                return await mediator.Send(new GetRate.Query(id, Values(request)), cancel) is { } answer ? Results.Ok(answer)
                    : new ProblemResult(Problem.NotFound($"there never was a rate card '{Fault.Shown(id)}'"));
            })
            .Describe<GetRate.Answer>("getRate", "Prices", "One rate card with all its versions",
                "The version that stood at knownAt, and the history of what was learnt and withdrawn.", GetRate.Parameters)
            .Explains("cardId", "As ledger rows name it in rateId; slashes may stand as they are.", "openai/gpt-5")
            .Produces<Problem>(StatusCodes.Status404NotFound, Problem.ContentType);
    }

    private static RequestValues Values(HttpRequest request) => RequestValues.FromQueryString(request.QueryString.Value);
}
