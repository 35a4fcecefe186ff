using CostAttribution.Api.Describe;
using CostAttribution.Api.Requests;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CostAttribution.Api.Flags;

/// <summary>The route of flags.</summary>
internal static class FlagRoutes
{
    public static void Map(RouteGroupBuilder api) =>
        api.MapGet("/flags", async (HttpRequest request, IMediator mediator, CancellationToken cancel) =>
                Results.Ok(await mediator.Send(
                    new GetFlags.Query(RequestValues.FromQueryString(request.QueryString.Value)), cancel)))
            .Describe<GetFlags.Answer>("getFlags", "Costs", "How much of the cost rests on guesses",
                "Every flag on the ledger rows that stand: how many rows and calls carry it, what they cost, when it was seen "
                + "first and last, by any of the dimensions, also by instrumentation (dialect) and service of the span.",
                GetFlags.Parameters)
            .FailsWithStore();
}
