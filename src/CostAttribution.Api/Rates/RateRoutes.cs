using CostAttribution.Api.Describe;
using CostAttribution.Api.Requests;
using CostAttribution.ClickHouse.Rates;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CostAttribution.Api.Rates;

/// <summary>The routes that change rates.</summary>
internal static class RateRoutes
{
    public static void MapBodies(RouteGroupBuilder api) =>
        api.MapPost("/rates/publish", async (HttpRequest request, IMediator mediator, CancellationToken cancel) =>
            {
                var body = await RequestBody.ReadAsync<PublishRates.Body>(request, cancel);
                var told = await mediator.Send(new PublishRates.Command(body, Values(request)), cancel);
                return told.Faults.Count == 0 ? Results.Ok(told)
                    : Results.Json(told, statusCode: StatusCodes.Status422UnprocessableEntity);
            })
            .Accepts<PublishRates.Body>("application/json")
            .Describe<RatePublication>("publishRates", "Rates", "Publish rate cards, or ask what they would change",
                "The files are checked together with every card in force. With any fault nothing is kept, the book in force "
                + "stays, and the answer lists each fault with file, line and reason. What stands in the ledger is not changed: "
                + "re-pricing does that.", PublishRates.Parameters)
            .Produces<RatePublication>(StatusCodes.Status422UnprocessableEntity)
            .FailsWithStore();

    private static RequestValues Values(HttpRequest request) => RequestValues.FromQueryString(request.QueryString.Value);
}
