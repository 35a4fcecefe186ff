using System.Net;
using CostAttribution.Server.Commands;

namespace CostAttribution.UnitTests.Api;

/// <summary>Reports over reported costs and flags: their questions, answers, faults and what the commands print.</summary>
public sealed class ReportTests
{
    private const string Reported = """
        {"is_total":1,"g0":"","g1":"","g2":"","g3":"","all_calls":7,"compared_calls":5,"ours":"2","theirs":"2.25","deviating_calls":1,
        "taken_calls":2,"taken":"0.5","uncompared":"0.125"}
        {"is_total":0,"g0":"openai","g1":"","g2":"gpt-5","g3":"2026-03-01","all_calls":7,"compared_calls":5,"ours":"2","theirs":"1.99999",
        "deviating_calls":1,"taken_calls":2,"taken":"0.5","uncompared":"0.125"}
        """;

    private const string Flagged = """
        {"flag":"cache_inclusion_guessed","g0":"openinference","g1":"desk","row_count_sum":3,"calls_sum":2,"cost_sum":"1.5",
        "first_micros":1773500000000000,"last_micros":1773500100000000}
        """;

    [Fact]
    public async Task Reported_costs_are_answered_so()
    {
        await using var host = await HostAsync(Reported);

        var (status, body) = await host.GetAsync("/api/v1/reported-costs?from=2026-03-01&to=2026-04-01&provider=openai&model=a&model=b");

        Assert.Equal(HttpStatusCode.OK, status);
        Golden.Matches("reported_costs.json", ApiHost.Indented(body));
        Golden.Matches("reported_costs.sql", host.Transport.Transcript());
    }

    [Fact]
    public async Task Flags_are_answered_so()
    {
        await using var host = await HostAsync(Flagged);

        var (status, body) = await host.GetAsync(
            "/api/v1/flags?from=2026-03-01&to=2026-04-01&groupBy=dialect,service&flag=cache_inclusion_guessed&customer=acme");

        Assert.Equal(HttpStatusCode.OK, status);
        Golden.Matches("flags.json", ApiHost.Indented(body));
        Golden.Matches("flags.sql", host.Transport.Transcript());
    }

    [Theory]
    [InlineData("flags?groupBy=dialekt", "groupBy")]
    [InlineData("flags?groupBy=day,day", "groupBy")]
    [InlineData("flags?flag=nonsense", "flag")]
    [InlineData("flags?from=2026-04-01&to=2026-03-01", "from")]
    [InlineData("reported-costs?groupBy=dialect", "groupBy")]
    [InlineData("reported-costs?groupBy=", "groupBy")]
    [InlineData("reported-costs?limit=x", "limit")]
    [InlineData("costs?flag=nonsense", "flag")]
    public async Task A_question_that_makes_no_sense_is_refused(string query, string field)
    {
        await using var host = await HostAsync("");

        var (status, body) = await host.GetAsync($"/api/v1/{query}");

        Assert.Equal((HttpStatusCode.BadRequest, field), (status, (string?)body["errors"]![0]!["field"]));
        Assert.Empty(host.Transport.Asked);
    }

    [Fact]
    public async Task The_commands_print_tables()
    {
        await using (var host = await HostAsync(Reported))
        {
            var text = await PrintedAsync(host, "reported-costs", "--provider", "openai", "--provider", "azure.ai.openai");
            Assert.Matches(@"openai +gpt-5 +2026-03-01 +7 +5 +\$2\.0+ +\$1\.99999", text);
            Assert.Matches(@"total +7 +5 ", text);
        }
        await using (var host = await HostAsync(Flagged))
        {
            var text = await PrintedAsync(host, "flags", "--group-by", "dialect,service");
            Assert.Matches(@"cache_inclusion_guessed +openinference +desk +3 +2 +\$1\.5", text);
            Assert.Contains("cache_inclusion_guessed: It is not certain", text, StringComparison.Ordinal);
        }
    }

    private static async Task<string> PrintedAsync(ApiHost host, params string[] args)
    {
        var text = new StringWriter();
        Assert.Equal(0, await CommandTree.RunAsync([.. args, "--server", host.Client.BaseAddress!.ToString()], text));
        return text.ToString();
    }

    private static async Task<ApiHost> HostAsync(string rows)
    {
        var host = await ApiHost.StartAsync();
        host.Transport.Answer = (_, _) => Task.FromResult(rows.ReplaceLineEndings("").Replace("}{", "}\n{", StringComparison.Ordinal) + "\n");
        return host;
    }
}
