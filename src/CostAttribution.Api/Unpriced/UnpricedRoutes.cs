using CostAttribution.Api.Describe;
using CostAttribution.Api.Requests;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CostAttribution.Api.Unpriced;

/// <summary>The route of usage without a price.</summary>
internal static class UnpricedRoutes
{
    public static void Map(RouteGroupBuilder api) =>
        api.MapGet("/unpriced", async (HttpRequest request, IMediator mediator, CancellationToken cancel) =>
                Results.Ok(await mediator.Send(
                    new GetUnpriced.Query(RequestValues.FromQueryString(request.QueryString.Value)), cancel)))
            .Describe<GetUnpriced.Answer>("getUnpriced", "Prices", "Usage without a price, and what it costs at most",
                "By provider, seller, model and unit: why there is no price, how much was used when, an upper bound at the "
                + "dearest list price of that unit at that time, and the card line that is missing. Net of all corrections.",
                GetUnpriced.Parameters)
            .FailsWithStore();
}
