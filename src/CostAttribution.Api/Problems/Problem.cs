using CostAttribution.Api.Requests;
using Microsoft.AspNetCore.Http;

namespace CostAttribution.Api.Problems;

/// <summary>A problem document, RFC 9457, sent as <c>application/problem+json</c>.</summary>
public sealed record Problem
{
    internal const string ContentType = "application/problem+json";

    /// <summary>Identifies the kind of problem; stable, not an address to open.</summary>
    public required string Type { get; init; }

    /// <summary>The kind of problem in words; the same for every occurrence.</summary>
    public required string Title { get; init; }

    /// <summary>The HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>What happened this time and what can be done.</summary>
    public required string Detail { get; init; }

    /// <summary>The path that was asked for.</summary>
    public string? Instance { get; init; }

    /// <summary>Everything wrong with the request, all at once.</summary>
    public IReadOnlyList<Fault>? Errors { get; init; }

    /// <summary>Finds this request in the server's log; present when the fault is the server's.</summary>
    public string? RequestId { get; init; }

    internal static Problem InvalidRequest(IReadOnlyList<Fault> faults) => new()
    {
        Type = "urn:cost-attribution:problem:invalid-request",
        Title = "The request is not valid",
        Status = StatusCodes.Status400BadRequest,
        Detail = faults.Count == 1
            ? $"'{faults[0].Field}' {faults[0].Detail}"
            : $"{faults.Count} things are wrong; errors lists them all",
        Errors = faults,
    };

    internal static Problem NotFound(string detail) => new()
    {
        Type = "urn:cost-attribution:problem:not-found",
        Title = "There is no such thing",
        Status = StatusCodes.Status404NotFound,
        Detail = detail,
    };

    internal static Problem AuditUnderWay() => new()
    {
        Type = "urn:cost-attribution:problem:audit-under-way",
        Title = "An audit is under way",
        Status = StatusCodes.Status409Conflict,
        Detail = "one audit runs at a time; /api/v1/audits tells when it has ended",
    };

    internal static Problem RepricingUnderWay() => new()
    {
        Type = "urn:cost-attribution:problem:repricing-under-way",
        Title = "A re-pricing is under way",
        Status = StatusCodes.Status409Conflict,
        Detail = "one re-pricing, dry run or what-if runs at a time; /api/v1/repricings tells when it has ended",
    };

    /// <param name="where">Who settles instead; empty when a run of this node is under way.</param>
    internal static Problem AdjustmentsElsewhere(string where) => new()
    {
        Type = "urn:cost-attribution:problem:adjustments-under-way",
        Title = "Terms cannot be settled here now",
        Status = StatusCodes.Status409Conflict,
        Detail = where.Length > 0 ? where : "one run at a time settles terms; /api/v1/adjustments tells when it has ended",
    };

    internal static Problem UnknownAddress(string path, IReadOnlyList<string> addresses) => new()
    {
        Type = "urn:cost-attribution:problem:unknown-address",
        Title = "There is no such address",
        Status = StatusCodes.Status404NotFound,
        Detail = $"'{Fault.Shown(path)}' is not an address of this service; /openapi/v1.json describes all of them",
        Errors =
        [
            new Fault("path", "is not known here")
            {
                Value = Fault.Shown(path),
                Allowed = addresses,
                DidYouMean = Suggestion.For(path, addresses),
            },
        ],
    };

    internal static Problem WrongMethod(string method, IReadOnlyList<string> allowed) => new()
    {
        Type = "urn:cost-attribution:problem:method-not-allowed",
        Title = "The method is not allowed here",
        Status = StatusCodes.Status405MethodNotAllowed,
        Detail = $"'{Fault.Shown(method)}' cannot be used on this address; use {string.Join(" or ", allowed)}",
    };

    internal static Problem UnexpectedBody() => new()
    {
        Type = "urn:cost-attribution:problem:unexpected-body",
        Title = "The request has a body",
        Status = StatusCodes.Status413PayloadTooLarge,
        Detail = "this address takes no body; put everything into the query string",
    };

    internal static Problem StoreUnavailable() => new()
    {
        Type = "urn:cost-attribution:problem:store-unavailable",
        Title = "The store cannot be reached",
        Status = StatusCodes.Status503ServiceUnavailable,
        Detail = "the store did not answer; try again in a few seconds, and look at /health/ready",
    };

    internal static Problem TooExpensive(string what) => new()
    {
        Type = "urn:cost-attribution:problem:too-expensive",
        Title = "The question takes too long or too much memory",
        Status = StatusCodes.Status504GatewayTimeout,
        Detail = $"{what}; ask for a shorter range, fewer groups or a filter",
    };

    internal static Problem Internal() => new()
    {
        Type = "urn:cost-attribution:problem:internal",
        Title = "The server made a mistake",
        Status = StatusCodes.Status500InternalServerError,
        Detail = "the request was good, but answering it failed; the server's log says why under the requestId",
    };
}
