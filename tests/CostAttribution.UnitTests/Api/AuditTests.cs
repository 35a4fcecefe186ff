using System.Net;
using CostAttribution.ClickHouse.Auditing;

namespace CostAttribution.UnitTests.Api;

public sealed class AuditTests
{
    [Fact]
    public async Task An_audit_is_started_with_its_range_and_found_again_under_its_address()
    {
        await using var host = await ApiHost.StartAsync();

        var (status, begun, location) = await host.PostAsync("/api/v1/audits?from=2026-01-01&to=2026-01-02T00:00:00Z&dryRun=true");
        var (found, report) = await host.GetAsync(location!.OriginalString);

        Assert.Equal(HttpStatusCode.Accepted, status);
        Assert.Equal("/api/v1/audits/node-1-1", location.OriginalString);
        Assert.Equal(new AuditRequest(AuditTrigger.Request, new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero),
            new DateTimeOffset(2026, 1, 2, 0, 0, 0, TimeSpan.Zero), null, DryRun: true), Assert.Single(host.AuditsAsked));
        Assert.Equal((HttpStatusCode.OK, "running"), (found, (string?)report["state"]));
        Assert.Equal(begun.ToJsonString(), report.ToJsonString());
    }

    [Fact]
    public async Task A_second_audit_is_refused_while_one_is_under_way()
    {
        await using var host = await ApiHost.StartAsync();
        await host.PostAsync("/api/v1/audits");

        var (status, problem, _) = await host.PostAsync("/api/v1/audits");

        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Equal("urn:cost-attribution:problem:audit-under-way", (string?)problem["type"]);
        Assert.Single(host.AuditsAsked);
    }

    [Theory]
    [InlineData("?from=2026-02-01&to=2026-01-01", "from")]
    [InlineData("?from=yesterday", "from")]
    [InlineData("?dryRun=maybe", "dryRun")]
    [InlineData("?dryrun=true", "dryrun")]
    public async Task A_request_that_is_not_valid_starts_nothing(string query, string field)
    {
        await using var host = await ApiHost.StartAsync();

        var (status, problem, _) = await host.PostAsync("/api/v1/audits" + query);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(field, (string?)problem["errors"]!.AsArray().Single()!["field"]);
        Assert.Empty(host.AuditsAsked);
    }

    [Fact]
    public async Task An_unknown_audit_is_a_problem_that_says_so()
    {
        await using var host = await ApiHost.StartAsync();

        var (status, problem) = await host.GetAsync("/api/v1/audits/node-9-1");

        Assert.Equal(HttpStatusCode.NotFound, status);
        Assert.Contains("node-9-1", (string?)problem["detail"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Audits_are_listed_newest_first_with_the_one_under_way()
    {
        await using var host = await ApiHost.StartAsync();
        var ended = new AuditReport
        {
            Id = "node-1-0", Node = "node-1", Trigger = AuditTrigger.Hourly, State = AuditState.Completed, StartedAt = ApiHost.Now,
            EndedAt = ApiHost.Now, Found = 1, Repaired = 1,
        };
        host.Transport.Answer = (_, _) => Task.FromResult(new System.Text.Json.Nodes.JsonObject { ["report"] = ended.ToJson() }.ToJsonString() + "\n");
        host.TryStart(new AuditRequest(AuditTrigger.Request, null, null, null, false));

        var (status, list) = await host.GetAsync("/api/v1/audits?limit=5");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(["node-1-1", "node-1-0"], list["audits"]!.AsArray().Select(report => (string?)report!["id"]));
        Assert.Equal("hourly", (string?)list["audits"]![1]!["trigger"]);
    }
}
