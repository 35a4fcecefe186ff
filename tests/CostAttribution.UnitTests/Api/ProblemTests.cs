using System.Net;
using System.Net.Http.Json;
using CostAttribution.Api;
using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.UnitTests.Api;

public sealed class ProblemTests
{
    [Fact]
    public async Task An_unreachable_store_is_a_503_that_says_when_to_try_again()
    {
        await using var host = await ApiHost.StartAsync();
        host.Transport.Answer = (_, _) => throw new StoreUnavailableException("connection refused");

        using var response =
            await host.Client.GetAsync(new Uri("/api/v1/costs", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(5), response.Headers.RetryAfter!.Delta);
        var (_, body) = await host.GetAsync("/api/v1/runs");
        Assert.Equal("urn:cost-attribution:problem:store-unavailable", (string?)body["type"]);
        Assert.NotEmpty((string)body["requestId"]!);
    }

    [Theory]
    [InlineData(159, "after the time one question may take")]
    [InlineData(241, "at the memory one question may take")]
    [InlineData(158, "reads or returns too much")]
    public async Task A_question_that_is_too_expensive_is_a_504_that_says_what_to_do(int code, string detail)
    {
        await using var host = await ApiHost.StartAsync();
        host.Transport.Answer = (_, _) => throw new ClickHouseException(code, "limit");

        var (status, body) = await host.GetAsync("/api/v1/costs");

        Assert.Equal(HttpStatusCode.GatewayTimeout, status);
        Assert.Contains(detail, (string?)body["detail"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_defect_is_a_500_that_tells_nothing_of_the_statement()
    {
        await using var host = await ApiHost.StartAsync();
        host.Transport.Answer = (_, _) => throw new ClickHouseException(62, "Syntax error: SELECT secret");

        var (status, body) = await host.GetAsync("/api/v1/costs");

        Assert.Equal(HttpStatusCode.InternalServerError, status);
        Assert.DoesNotContain("secret", body.ToJsonString(), StringComparison.Ordinal);
        Assert.NotEmpty((string)body["requestId"]!);
    }

    [Theory]
    [InlineData("/api/v1/cots", "/api/v1/costs")]
    [InlineData("/api/v2/costs", "/api/v1/costs")]
    [InlineData("/api/v1/nothing/at/all/like/this", null)]
    [InlineData("/api/", "/api/v1/costs")]
    public async Task An_unknown_address_lists_the_known_ones(string address, string? meant)
    {
        await using var host = await ApiHost.StartAsync();

        var (status, body) = await host.GetAsync(address);

        Assert.Equal(HttpStatusCode.NotFound, status);
        Assert.Equal(meant, (string?)body["errors"]![0]!["didYouMean"]);
        Assert.Contains("/api/v1/costs", body["errors"]![0]!["allowed"]!.AsArray().Select(node => (string?)node));
    }

    [Fact]
    public async Task A_wrong_method_is_told_the_right_one()
    {
        await using var host = await ApiHost.StartAsync();

        using var response =
            await host.Client.DeleteAsync(new Uri("/api/v1/runs/r-1", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal(["GET"], response.Content.Headers.Allow);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task A_body_is_refused()
    {
        await using var host = await ApiHost.StartAsync();
        using var request =
            new HttpRequestMessage(HttpMethod.Get, "/api/v1/costs") { Content = JsonContent.Create(new { customer = "a" }) };

        using var response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Empty(host.Transport.Asked);
    }

    [Fact]
    public async Task A_run_that_is_not_there_is_a_404()
    {
        await using var host = await ApiHost.StartAsync();

        var (status, body) = await host.GetAsync("/api/v1/runs/nothing");

        Assert.Equal(HttpStatusCode.NotFound, status);
        Golden.Matches("problem_no_run.json", ApiHost.Indented(body));
    }

    [Fact]
    public async Task A_span_that_is_not_there_is_a_404()
    {
        await using var host = await ApiHost.StartAsync();

        var (status, _) = await host.GetAsync($"/api/v1/spans/{StoreAnswers.Trace}/00f067aa0ba902b7/explain");

        Assert.Equal(HttpStatusCode.NotFound, status);
    }

    [Fact]
    public async Task A_caller_that_goes_away_stops_its_question()
    {
        await using var host = await ApiHost.StartAsync();
        var asked = new TaskCompletionSource();
        var stopped = new TaskCompletionSource();
        host.Transport.Answer = async (_, cancel) =>
        {
            using var registration = cancel.Register(stopped.SetResult);
            asked.SetResult();
            await stopped.Task;
            cancel.ThrowIfCancellationRequested();
            return "";
        };
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

        var call = host.Client.GetAsync(new Uri("/api/v1/costs", UriKind.Relative), leaving.Token);
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await stopped.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Options_tell_all_their_faults()
    {
        var options = new ApiOptions { QueryTimeout = TimeSpan.Zero, ReadyTimeout = TimeSpan.Zero, QueryMemoryBytesMax = 1 };

        Assert.Equal(3, options.Faults().Count);
        Assert.Empty(new ApiOptions().Faults());
    }
}
