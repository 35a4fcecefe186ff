using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Template;

namespace CostAttribution.Api.Problems;

/// <summary>Answers addresses under <c>/api</c> that no route takes with a problem document instead of an empty page.</summary>
internal static class RouteFallback
{
    public static void Map(IEndpointRouteBuilder endpoints) =>
        endpoints.Map("/api/{**rest}", (HttpContext http, EndpointDataSource source) =>
        {
            var routes = source.Endpoints.OfType<RouteEndpoint>()
                .Where(route => route.Metadata.GetMetadata<IHttpMethodMetadata>() is not null
                    && Text(route).StartsWith("/api/", StringComparison.Ordinal))
                .ToArray();
            string[] methods = [.. routes.Where(route => Takes(route, http.Request.Path)).SelectMany(MethodsOf).Distinct()];
            if (methods.Length == 0)
            {
                string[] addresses = [.. routes.Select(Text).Distinct()];
                return new ProblemResult(Problem.UnknownAddress(http.Request.Path.Value ?? "", addresses));
            }
            http.Response.Headers.Allow = string.Join(", ", methods);
            return new ProblemResult(Problem.WrongMethod(http.Request.Method, methods));
        }).WithOrder(int.MaxValue).ExcludeFromDescription();

    private static bool Takes(RouteEndpoint route, PathString path) =>
        new TemplateMatcher(TemplateParser.Parse(Text(route)), []).TryMatch(path, []);

    private static IReadOnlyList<string> MethodsOf(RouteEndpoint route) =>
        route.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods;

    private static string Text(RouteEndpoint route) => "/" + (route.RoutePattern.RawText ?? "").TrimStart('/');
}
