using CostAttribution.Api.Describe;
using CostAttribution.Api.Problems;
using CostAttribution.Api.Requests;
using CostAttribution.ClickHouse.Auditing;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CostAttribution.Api.Audits;

/// <summary>The routes of audits.</summary>
internal static class AuditRoutes
{
    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/audits", async (HttpRequest request, IMediator mediator, CancellationToken cancel) =>
                Results.Ok(await mediator.Send(new ListAudits.Query(Values(request)), cancel)))
            .Describe<ListAudits.Answer>("listAudits", "Audits", "Audits of the ledger, newest first",
                "What was looked at, what was found to be wrong, what of it was corrected by appended rows, and what is left and "
                + "why.", ListAudits.Parameters)
            .FailsWithStore();

        api.MapPost("/audits", async (HttpRequest request, HttpResponse response, IMediator mediator, CancellationToken cancel) =>
            {
                if (await mediator.Send(new StartAudit.Command(Values(request)), cancel) is not { } begun)
                    return new ProblemResult(Problem.AuditUnderWay());
                response.Headers.Location = $"/api/v1/audits/{begun.Id}";
                return Results.Json(begun, statusCode: StatusCodes.Status202Accepted);
            })
            .Describe<AuditReport>("startAudit", "Audits", "Audit the ledger now and repair what is found",
                "Answers at once; the address in the Location header tells when the audit has ended and what it found. One at a "
                + "time.", StartAudit.Parameters, StatusCodes.Status202Accepted)
            .Produces<Problem>(StatusCodes.Status409Conflict, Problem.ContentType);

        api.MapGet("/audits/{auditId}",
            async (string auditId, HttpRequest request, IMediator mediator, CancellationToken cancel) =>
                await mediator.Send(new GetAudit.Query(auditId, Values(request)), cancel) is { } report
                    ? Results.Ok(report)
                    : new ProblemResult(Problem.NotFound($"no audit '{Fault.Shown(auditId)}' is known")))
            .Describe<AuditReport>("getAudit", "Audits", "One audit, under way or ended",
                "Every check with its first findings.", GetAudit.Parameters)
            .Explains("auditId", "As answered when the audit was started or listed.", "node-1-19ab3c4d5e6-1")
            .FailsWithStore()
            .Produces<Problem>(StatusCodes.Status404NotFound, Problem.ContentType);
    }

    private static RequestValues Values(HttpRequest request) => RequestValues.FromQueryString(request.QueryString.Value);
}
