using CostAttribution.Api.Json;
using CostAttribution.ClickHouse.Transport;
using FluentValidation;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace CostAttribution.Api.Problems;

/// <summary>Turns everything that can go wrong behind a route into a problem document.</summary>
internal sealed class ProblemFilter(ILogger<ProblemFilter> log, BodyRule bodies) : IEndpointFilter
{
    // Codes of the store for a question that was too expensive, not wrong: TIMEOUT_EXCEEDED, TOO_SLOW, MEMORY_LIMIT_EXCEEDED,
    // TOO_MANY_ROWS, TOO_MANY_BYTES, TOO_MANY_ROWS_OR_BYTES.
    private const int TimeoutExceeded = 159, TooSlow = 160, MemoryLimitExceeded = 241, TooManyRows = 158, TooManyBytes = 307,
        TooManyRowsOrBytes = 396;

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        if (!bodies.Allowed && http.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true)
            return new ProblemResult(Problem.UnexpectedBody());
        try
        {
            return await next(context);
        }
        catch (ValidationException failure)
        {
            return new ProblemResult(Problem.InvalidRequest(FaultsOf(failure)));
        }
        catch (StoreUnavailableException failure)
        {
            ApiLog.StoreUnavailable(log, http.TraceIdentifier, failure.Message);
            return new ProblemResult(Problem.StoreUnavailable());
        }
        catch (ClickHouseException failure) when (TooExpensive(failure.Code) is { } what)
        {
            return new ProblemResult(Problem.TooExpensive(what));
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            return Results.StatusCode(StatusCodes.Status499ClientClosedRequest);
        }
        catch (Exception failure)
        {
            // The outermost place of the control plane: a fault of ours must not take the connection down without a word.
            ApiLog.AnswerFailed(log, http.TraceIdentifier, failure);
            return new ProblemResult(Problem.Internal());
        }
    }

    private static string? TooExpensive(int code) => code switch
    {
        TimeoutExceeded or TooSlow => "the store stopped it after the time one question may take",
        MemoryLimitExceeded => "the store stopped it at the memory one question may take",
        TooManyRows or TooManyBytes or TooManyRowsOrBytes => "the store stopped it because it reads or returns too much",
        _ => null,
    };

    private static List<Fault> FaultsOf(ValidationException failure) =>
    [
        .. failure.Errors
            .Select(error => error.CustomState as Fault ?? new Fault(error.PropertyName, error.ErrorMessage))
            .Take(ApiLimits.FaultsMax),
    ];
}

/// <summary>Whether the routes behind a filter take bodies.</summary>
internal sealed record BodyRule(bool Allowed);

/// <summary>Writes one problem.</summary>
internal sealed class ProblemResult(Problem problem) : IResult
{
    private const string RetryAfterSeconds = "5";

    public Problem Problem => problem;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = problem.Status;
        if (problem.Status == StatusCodes.Status503ServiceUnavailable) httpContext.Response.Headers.RetryAfter =
            RetryAfterSeconds;
        var told = problem with
        {
            Instance = httpContext.Request.Path.Value,
            RequestId = problem.Status >= StatusCodes.Status500InternalServerError ? httpContext.TraceIdentifier : null,
        };
        return httpContext.Response.WriteAsJsonAsync(told, JsonSetup.Problems, Problem.ContentType, httpContext.RequestAborted);
    }
}
