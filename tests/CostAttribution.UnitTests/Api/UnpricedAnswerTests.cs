using System.Net;
using System.Text.Json.Nodes;
using CostAttribution.RateCards;
using CostAttribution.Server.Commands;

namespace CostAttribution.UnitTests.Api;

public sealed class UnpricedAnswerTests
{
    private const string Line = """
        {"provider":"openai","seller":"","model":"gpt-9","request_model":"gpt-9","service_tier":"","region":"","rate_id":"",
        "status":"unpriced_model","unpriced_unit":"","overflowed":0,"unit":"input_tokens","quantity":"1000000",
        "row_calls_sum":3,"first_micros":1773500000000000,"last_micros":1773500100000000}
        """;

    [Fact]
    public async Task The_answer_and_its_questions_are_these()
    {
        await using var host = await HostAsync();

        var (status, body) = await host.GetAsync("/api/v1/unpriced?from=2026-03-01&to=2026-04-01&provider=openai&customer=acme&customer=");

        Assert.Equal(HttpStatusCode.OK, status);
        body["rateBookVersion"] = "(version)";
        Golden.Matches("unpriced.json", ApiHost.Indented(body));
        Golden.Matches("unpriced.sql", host.Transport.Transcript());
    }

    [Theory]
    [InlineData("provder=x", "provder")]
    [InlineData("from=2026-04-01&to=2026-03-01", "from")]
    [InlineData("limit=0", "limit")]
    public async Task A_question_that_makes_no_sense_is_refused(string query, string field)
    {
        await using var host = await HostAsync();

        var (status, body) = await host.GetAsync($"/api/v1/unpriced?{query}");

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(field, (string?)body["errors"]![0]!["field"]);
        Assert.Empty(host.Transport.Asked);
    }

    [Fact]
    public async Task The_command_prints_rows_and_the_cards_to_fill_in()
    {
        await using var host = await HostAsync();
        var (text, json) = (new StringWriter(), new StringWriter());

        Assert.Equal(0, await CommandTree.RunAsync(["unpriced", "--server", host.Client.BaseAddress!.ToString(), "--from", "2026-03-01"], text));
        Assert.Equal(0, await CommandTree.RunAsync(["unpriced", "--server", host.Client.BaseAddress!.ToString(), "--json"], json));

        var lines = text.ToString();
        Assert.Contains("3 calls", lines, StringComparison.Ordinal);
        Assert.Contains("input_tokens: PRICE per 1M", lines, StringComparison.Ordinal);
        Assert.Matches("openai +gpt-9 +input_tokens +1000000 +3 +", lines);
        Assert.Equal(3, (int)JsonNode.Parse(json.ToString())!["calls"]!);
    }

    private static async Task<ApiHost> HostAsync()
    {
        var host = await ApiHost.StartAsync();
        host.Catalogue = RateCardFiles.Load(null).Catalogue;
        host.Transport.Answer = (query, _) => Task.FromResult(
            query.Sql.StartsWith("SELECT sum(row_calls) AS calls_sum", StringComparison.Ordinal)
                ? "{\"calls_sum\":\"3\"}\n" : Line.ReplaceLineEndings("") + "\n");
        return host;
    }
}
