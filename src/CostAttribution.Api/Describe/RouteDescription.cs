using CostAttribution.Api.Problems;
using CostAttribution.Api.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace CostAttribution.Api.Describe;

/// <summary>The query parameters of a route, for its description.</summary>
internal sealed record DescribedParameters(IReadOnlyList<Parameter> Parameters);

/// <summary>A parameter in the path of a route, for its description.</summary>
internal sealed record DescribedPathPart(string Name, string Description, string Example);

/// <summary>What a route says about itself in the OpenAPI document.</summary>
internal static class RouteDescription
{
    public static RouteHandlerBuilder Describe<TAnswer>(
        this RouteHandlerBuilder route, string operationId, string tag, string summary, string description,
            ParameterTable? parameters, int status = StatusCodes.Status200OK)
    {
        route.WithName(operationId).WithTags(tag).WithSummary(summary).WithDescription(description).Produces<TAnswer>(status);
        if (parameters is null) return route;
        return route
            .WithMetadata(new DescribedParameters(parameters.Parameters))
            .Produces<Problem>(StatusCodes.Status400BadRequest, Problem.ContentType)
            .Produces<Problem>(StatusCodes.Status500InternalServerError, Problem.ContentType);
    }

    public static RouteHandlerBuilder Explains(this RouteHandlerBuilder route, string name, string description, string example) =>
        route.WithMetadata(new DescribedPathPart(name, description, example));

    /// <summary>The answers of a route that asks the store.</summary>
    public static RouteHandlerBuilder FailsWithStore(this RouteHandlerBuilder route) => route
        .Produces<Problem>(StatusCodes.Status503ServiceUnavailable, Problem.ContentType)
        .Produces<Problem>(StatusCodes.Status504GatewayTimeout, Problem.ContentType);
}
