using System.Net;
using CostAttribution.ClickHouse.Adjustments;

namespace CostAttribution.UnitTests.Api;

public sealed class AdjustmentApiTests
{
    [Fact]
    public async Task Settling_is_begun_and_told_about_and_one_runs_at_a_time()
    {
        await using var host = await ApiHost.StartAsync();

        var (status, _, location) = await host.PostAsync("/api/v1/adjustments?from=2026-01-01&to=2026-02-01&term=gift&open=true&dryRun=true");
        var (_, one) = await host.GetAsync("/api/v1/adjustments/runs/node-1-3");
        var (unknown, _) = await host.GetAsync("/api/v1/adjustments/runs/other");
        var (busy, body, _) = await host.PostAsync("/api/v1/adjustments");

        Assert.Equal((HttpStatusCode.Accepted, "/api/v1/adjustments/runs/node-1-3"), (status, location?.ToString()));
        Assert.Equal(("7", "running"), ((string?)one["rateBookVersion"], (string?)one["state"]));
        Assert.Equal(HttpStatusCode.NotFound, unknown);
        Assert.Equal((HttpStatusCode.Conflict, "urn:cost-attribution:problem:adjustments-under-way"), (busy, (string?)body["type"]));
        Assert.Equal(new AdjustmentRequest
        {
            From = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), To = new DateTimeOffset(2026, 2, 1, 0, 0, 0, TimeSpan.Zero),
            Term = "gift", Open = true, DryRun = true,
        }, host.AdjustmentsAsked.Single());
    }

    [Fact]
    public async Task Another_node_that_settles_is_named()
    {
        await using var host = await ApiHost.StartAsync();
        host.AdjustmentFault = "node node-2 settles the terms of this store; ask it";

        var (status, body, _) = await host.PostAsync("/api/v1/adjustments");

        Assert.Equal((HttpStatusCode.Conflict, host.AdjustmentFault), (status, (string?)body["detail"]));
    }

    [Theory]
    [InlineData("from=2026-02-01&to=2026-01-01", "from")]
    [InlineData("dryRun=maybe", "dryRun")]
    [InlineData("trem=gift", "trem")]
    public async Task What_makes_no_sense_is_refused(string query, string field)
    {
        await using var host = await ApiHost.StartAsync();

        var (status, problem, _) = await host.PostAsync($"/api/v1/adjustments?{query}");

        Assert.Equal((HttpStatusCode.BadRequest, field), (status, (string?)problem["errors"]![0]!["field"]));
        Assert.Empty(host.AdjustmentsAsked);
    }
}
