using System.Net;
using CostAttribution.Api.Runs;

namespace CostAttribution.UnitTests.Api;

public sealed class RunTests
{
    [Theory]
    [InlineData("defaults", "")]
    [InlineData("filters",
        "from=2026-01-01&to=2026-02-01&workflow=triage&customer=a&customer=&feature=f"
        + "&status=failed&status=open&minCost=0.25&sort=cost&limit=2")]
    public async Task A_question_about_runs_becomes_this_statement(string golden, string query)
    {
        await using var host = await ApiHost.StartAsync();

        var (status, _) = await host.GetAsync("/api/v1/runs?" + query);

        Assert.Equal(HttpStatusCode.OK, status);
        Golden.Matches($"runs_{golden}.sql", host.Transport.Transcript());
    }

    [Fact]
    public async Task A_page_has_this_shape()
    {
        await using var host = await ApiHost.StartAsync();
        host.Transport.Answer = (_, _) => Task.FromResult(StoreAnswers.RunLine("r-1"));

        var (_, body) = await host.GetAsync("/api/v1/runs?from=2026-03-01&to=2026-04-01");

        Golden.Matches("runs_answer.json", ApiHost.Indented(body));
    }

    [Fact]
    public async Task The_next_page_continues_behind_the_last_run_in_the_same_range()
    {
        await using var host = await ApiHost.StartAsync();
        host.Transport.Answer = (_, _) => Task.FromResult(StoreAnswers.RunLine("r-1", "2.5") + StoreAnswers.RunLine("r-2", "1"));
        var (_, first) = await host.GetAsync("/api/v1/runs?sort=-cost&limit=1");
        var cursor = (string)first["nextCursor"]!;
        host.Transport.Asked.Clear();

        var (status, second) = await host.GetAsync($"/api/v1/runs?sort=-cost&limit=5&cursor={cursor}");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Null(second["nextCursor"]);
        Assert.Equal((string?)first["from"], (string?)second["from"]);
        Golden.Matches("runs_next_page.sql", host.Transport.Transcript());
    }

    [Theory]
    [InlineData("sort=cost")]
    [InlineData("sort=-cost&customer=other")]
    [InlineData("sort=-cost&from=2026-01-01")]
    public async Task A_cursor_is_not_continued_with_another_question(string changed)
    {
        await using var host = await ApiHost.StartAsync();
        host.Transport.Answer = (_, _) => Task.FromResult(StoreAnswers.RunLine("r-1") + StoreAnswers.RunLine("r-2"));
        var (_, first) = await host.GetAsync("/api/v1/runs?sort=-cost&limit=1");

        var (status, body) = await host.GetAsync($"/api/v1/runs?{changed}&cursor={(string)first["nextCursor"]!}");

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("cursor", (string?)body["errors"]![0]!["field"]);
    }

    [Fact]
    public async Task A_run_has_this_shape_and_asks_these_statements()
    {
        await using var host = await ApiHost.StartAsync();
        host.Transport.Answer = (query, _) => Task.FromResult(
            query.Sql.Contains("FROM workflow_runs", StringComparison.Ordinal) ? StoreAnswers.RunLine(StoreAnswers.Trace)
            : query.Sql.Contains("FROM spans", StringComparison.Ordinal)
                ? StoreAnswers.SpanLine("00000000000000a1", role: "container", ownership: "aggregate")
                    + StoreAnswers.SpanLine("00000000000000a2", "00000000000000a1")
                    + StoreAnswers.SpanLine("00000000000000a3", "00000000000000a2", "duplicate", "00000000000000a2")
            : StoreAnswers.LedgerLine(Id(1), "00000000000000a2", "1")
                + StoreAnswers.LedgerLine(Id(2), "00000000000000a2", "-1", -1, Id(1), "late_parent", "reversal")
                + StoreAnswers.LedgerLine(Id(3), "00000000000000a2", "1.5", reason: "late_parent"));

        var (status, body) = await host.GetAsync($"/api/v1/runs/{StoreAnswers.Trace}");

        Assert.Equal(HttpStatusCode.OK, status);
        Golden.Matches("run_answer.json", ApiHost.Indented(body));
        Golden.Matches("run.sql", host.Transport.Transcript());
    }

    [Fact]
    public void Every_sort_has_a_key_that_comes_back_from_its_cursor()
    {
        var run =
            RunSummary.Read(
            CostAttribution.Api.Reading.StoreReader.ReadRows(System.Text.Encoding.UTF8.GetBytes(StoreAnswers.RunLine("r",
            "1.25")))[0]);

        foreach (var sort in RunSort.All) Assert.True(sort.IsKey(sort.KeyOf(run)), sort.Name);
    }

    [Theory]
    [InlineData("")]
    [InlineData("!!!!")]
    [InlineData("bnVsbA")]
    [InlineData("WzEsMiwzXQ")]
    [InlineData("WyJhIiwiYiIsImMiLCJkIiwiZSJd")]
    public void A_made_up_cursor_is_refused(string cursor) =>
        Assert.False(RunCursor.TryDecode(cursor, CostAttribution.Api.Requests.RequestValues.FromQueryString("?cursor=x"), out _));

    private static string Id(int number) => number.ToString("x32", System.Globalization.CultureInfo.InvariantCulture);
}
