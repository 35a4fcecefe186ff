using System.Net;
using CostAttribution.ClickHouse.Auditing;

namespace CostAttribution.UnitTests.Api;

public sealed class QuarantineTests
{
    private static readonly RefusedPosting Refused = new()
    {
        PostingId = "node-1-a.p3", Bytes = 1234, PostedAt = ApiHost.Now, RefusedBy = "cost_ledger", Code = 469, Reason = "violated",
        Rows = new Dictionary<string, int> { ["cost_ledger"] = 8 }, Spans = 9, Cost = "1.250000000000", TraceCount = 8,
        Traces = [.. Enumerable.Range(1, 8).Select(i => new RefusedTrace($"{i:x32}", 1, 1, "0.100000000000", ApiHost.Now, null))],
    };

    [Fact]
    public async Task Refused_postings_are_listed_with_their_first_traces_and_shown_with_all()
    {
        await using var host = await ApiHost.StartAsync();
        host.Refused.Add(Refused);

        var (_, list) = await host.GetAsync("/api/v1/quarantine");
        var (_, one) = await host.GetAsync("/api/v1/quarantine/node-1-a.p3");

        var listed = Assert.Single(list["postings"]!.AsArray())!;
        Assert.Equal(("1.250000000000", 8, 5), ((string?)listed["cost"], (int)listed["traceCount"]!, listed["traces"]!.AsArray().Count));
        Assert.Equal((469, 8, 8), ((int)one["code"]!, (int)one["rows"]!["cost_ledger"]!, one["traces"]!.AsArray().Count));
    }

    [Fact]
    public async Task A_refused_posting_is_posted_again_and_an_unknown_one_is_a_problem()
    {
        await using var host = await ApiHost.StartAsync();
        host.Refused.Add(Refused);

        var (status, result, _) = await host.PostAsync("/api/v1/quarantine/node-1-a.p3");
        var (again, problem, _) = await host.PostAsync("/api/v1/quarantine/node-1-a.p3");

        Assert.Equal((HttpStatusCode.OK, "posted", 3), (status, (string?)result["outcome"], (int)result["rows"]!));
        Assert.Equal(["node-1-a.p3"], host.PostedAgain);
        Assert.Equal(HttpStatusCode.NotFound, again);
        Assert.Contains("node-1-a.p3", (string?)problem["detail"], StringComparison.Ordinal);
    }
}
