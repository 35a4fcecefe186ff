using CostAttribution.ClickHouse.Embedded;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace CostAttribution.ClickHouse.Endpoint;

/// <summary>Routes of the ClickHouse HTTP interface.</summary>
public static class ClickHouseHttpRoutes
{
    /// <summary>
    /// Maps <c>GET /</c>, <c>POST /</c>, <c>/ping</c> and <c>/replicas_status</c>. Its queries end before the engine closes.
    /// </summary>
    public static void MapClickHouseHttp(this IEndpointRouteBuilder routes, ChdbEngine engine, ClickHouseHttpOptions options)
    {
        var clock = routes.ServiceProvider.GetService<TimeProvider>() ?? TimeProvider.System;
        var endpoint = new ClickHouseHttpEndpoint(engine, options, clock);
        routes.MapMethods("/", [HttpMethods.Get, HttpMethods.Post, HttpMethods.Head], endpoint.AnswerAsync);
        routes.MapMethods("/ping", [HttpMethods.Get, HttpMethods.Head], ClickHouseHttpEndpoint.PingAsync);
        routes.MapMethods("/replicas_status", [HttpMethods.Get, HttpMethods.Head], ClickHouseHttpEndpoint.PingAsync);
    }
}
