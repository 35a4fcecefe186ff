using CostAttribution.Api.Describe;
using CostAttribution.Api.Requests;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CostAttribution.Api.ReportedCosts;

/// <summary>The route of costs that providers report.</summary>
internal static class ReportedCostRoutes
{
    public static void Map(RouteGroupBuilder api) =>
        api.MapGet("/reported-costs", async (HttpRequest request, IMediator mediator, CancellationToken cancel) =>
                Results.Ok(await mediator.Send(
                    new GetReportedCosts.Query(RequestValues.FromQueryString(request.QueryString.Value)), cancel)))
            .Describe<GetReportedCosts.Answer>("getReportedCosts", "Prices", "Costs that providers report, beside ours",
                "By provider, seller, model and day: ours, theirs and the deviation where both are known, how many calls deviate "
                + "by more than the rate book calls normal, and which cost was taken. Net of all corrections.",
                GetReportedCosts.Parameters)
            .FailsWithStore();
}
