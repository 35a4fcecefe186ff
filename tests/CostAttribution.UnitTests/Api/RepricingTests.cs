using System.Net;
using CostAttribution.ClickHouse.Rates;
using CostAttribution.ClickHouse.Repricing;

namespace CostAttribution.UnitTests.Api;

public sealed class RepricingTests
{
    [Fact]
    public async Task A_re_pricing_is_begun_and_told_about()
    {
        await using var host = await ApiHost.StartAsync();

        var (status, body, location) = await host.PostAsync("/api/v1/repricings?from=2026-01-01&to=2026-02-01&model=large&customer=&book=7&dryRun=true");
        var (_, one) = await host.GetAsync("/api/v1/repricings/node-1-2");

        Assert.Equal((HttpStatusCode.Accepted, "dryRun", "/api/v1/repricings/node-1-2"), (status, (string?)body["kind"], location?.ToString()));
        Assert.Equal("7", (string?)one["rateBookVersion"]);
        Assert.Equal(new RepricingRequest
        {
            Kind = RepricingKind.DryRun, From = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero),
            To = new DateTimeOffset(2026, 2, 1, 0, 0, 0, TimeSpan.Zero), Model = "large", Customer = "", RateBookVersion = 7,
        }, host.RepricingsAsked.Single());
    }

    [Fact]
    public async Task One_runs_at_a_time_and_can_be_ended()
    {
        await using var host = await ApiHost.StartAsync();
        await host.PostAsync("/api/v1/repricings");

        var (busy, body, _) = await host.PostAsync("/api/v1/repricings");
        using var ended = await host.Client.DeleteAsync(new Uri("/api/v1/repricings/node-1-2", UriKind.Relative), TestContext.Current.CancellationToken);
        using var unknown = await host.Client.DeleteAsync(new Uri("/api/v1/repricings/other", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal((HttpStatusCode.Conflict, "urn:cost-attribution:problem:repricing-under-way"), (busy, (string?)body["type"]));
        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.NotFound), (ended.StatusCode, unknown.StatusCode));
    }

    [Fact]
    public async Task What_if_takes_cards_and_moves()
    {
        await using var host = await ApiHost.StartAsync();

        var (status, body, _) = await host.PostAsync("/api/v1/what-if", """
            {"from":"2026-01-01","files":[{"name":"a.yaml","text":"format: 1"}],
             "moves":[{"fromProvider":"","fromModel":"large","toProvider":"acme","toModel":"small"}]}
            """);

        Assert.Equal((HttpStatusCode.Accepted, "whatIf"), (status, (string?)body["kind"]));
        var asked = host.RepricingsAsked.Single();
        Assert.Equal((new RateFile("a.yaml", "format: 1"), new RepricingMove("", "large", "acme", "small")), (asked.Files.Single(), asked.Moves.Single()));
    }

    [Theory]
    [InlineData("/api/v1/repricings?book=new", null, "book")]
    [InlineData("/api/v1/repricings?from=2026-02-01&to=2026-01-01", null, "from")]
    [InlineData("/api/v1/what-if", """{"from":"yesterday"}""", "from")]
    [InlineData("/api/v1/what-if", """{"from":"2026-02-01","to":"2026-01-01"}""", "from")]
    [InlineData("/api/v1/what-if", """{"moves":[{"fromProvider":"","fromModel":"","toProvider":"","toModel":"b"}]}""", "moves")]
    [InlineData("/api/v1/what-if", """{"book":"1","files":[{"name":"a","text":"b"}]}""", "book")]
    public async Task What_makes_no_sense_is_refused(string address, string? body, string field)
    {
        await using var host = await ApiHost.StartAsync();

        var (status, problem, _) = await host.PostAsync(address, body);

        Assert.Equal((HttpStatusCode.BadRequest, field), (status, (string?)problem["errors"]![0]!["field"]));
        Assert.Empty(host.RepricingsAsked);
    }

    [Fact]
    public async Task A_faulty_card_of_a_what_if_is_told_with_file_and_line()
    {
        await using var host = await ApiHost.StartAsync();
        host.RepricingFaults = [new RateFault("a.yaml", 4, "a price is negative")];

        var (status, problem, _) = await host.PostAsync("/api/v1/what-if", """{"files":[{"name":"a.yaml","text":"format: 1"}]}""");

        Assert.Equal((HttpStatusCode.BadRequest, "a.yaml:4: a price is negative"), (status, (string?)problem["errors"]![0]!["detail"]));
    }
}
