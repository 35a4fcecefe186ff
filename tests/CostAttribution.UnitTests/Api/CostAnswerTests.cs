using System.Net;
using CostAttribution.Api.Pipeline;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.UnitTests.Api;

public sealed class CostAnswerTests
{
    [Fact]
    public async Task Rows_and_total_have_this_shape()
    {
        await using var host = await ApiHost.StartAsync();
        host.Transport.Answer = (_, _) => Task.FromResult(
            StoreAnswers.CostLine(true, "3.75", 3, "", "")
            + StoreAnswers.CostLine(false, "2.5", 2, "acme", "")
            + StoreAnswers.CostLine(false, "1.250000000001", 1, "", "gold"));

        var (status, body) = await host.GetAsync("/api/v1/costs?groupBy=customer,dim.tier&from=2026-01-01&to=2026-02-01");

        Assert.Equal(HttpStatusCode.OK, status);
        Golden.Matches("costs_answer.json", ApiHost.Indented(body));
    }

    [Fact]
    public async Task Without_groupBy_there_is_only_a_total()
    {
        await using var host = await ApiHost.StartAsync();
        host.Transport.Answer = (_, _) => Task.FromResult(StoreAnswers.CostLine(true, "3.75", 3));

        var (_, body) = await host.GetAsync("/api/v1/costs");

        Assert.Empty(body["rows"]!.AsArray());
        Assert.Equal("3.750000000000", (string?)body["total"]!["cost"]);
        Assert.Equal("2026-02-13T11:00:00Z", (string?)body["from"]);
        Assert.Equal("2026-03-15T11:00:00Z", (string?)body["to"]);
        Assert.Equal("2026-03-15T10:20:30Z", (string?)body["total"]!["asOf"]);
    }

    [Fact]
    public async Task An_empty_ledger_is_a_total_of_zeros()
    {
        await using var host = await ApiHost.StartAsync();

        var (status, body) = await host.GetAsync("/api/v1/costs?groupBy=customer");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Empty(body["rows"]!.AsArray());
        Assert.Equal("0.000000000000", (string?)body["total"]!["cost"]);
    }

    [Fact]
    public async Task More_groups_than_the_limit_are_cut_and_said_so_while_the_total_stays_whole()
    {
        await using var host = await ApiHost.StartAsync();
        host.Transport.Answer = (_, _) => Task.FromResult(
            StoreAnswers.CostLine(true, "6", 3, "") + StoreAnswers.CostLine(false, "3", 1, "a")
            + StoreAnswers.CostLine(false, "2", 1, "b") + StoreAnswers.CostLine(false, "1", 1, "c"));

        var (_, body) = await host.GetAsync("/api/v1/costs?groupBy=customer&limit=2");

        Assert.True((bool)body["truncated"]!);
        Assert.Equal(["a", "b"], body["rows"]!.AsArray().Select(row => (string?)row!["customer"]));
        Assert.Equal("6.000000000000", (string?)body["total"]!["cost"]);
    }

    [Theory]
    [InlineData(9_007_199_254_740_991, "9007199254740991")]
    [InlineData(9_007_199_254_740_992, "\"9007199254740992\"")]
    [InlineData(long.MinValue, "\"-9223372036854775808\"")]
    public async Task A_count_that_a_double_cannot_hold_is_written_as_a_string(long calls, string json)
    {
        await using var host = await ApiHost.StartAsync();
        host.Transport.Answer = (_, _) => Task.FromResult(StoreAnswers.CostLine(true, "1", calls));

        var (_, body) = await host.GetAsync("/api/v1/costs");

        Assert.Equal(json, body["total"]!["calls"]!.ToJsonString());
    }

    [Fact]
    public async Task Money_keeps_every_digit_of_the_store()
    {
        await using var host = await ApiHost.StartAsync();
        host.Transport.Answer = (_, _) =>
            Task.FromResult(StoreAnswers.CostLine(true, "-99999999999999999999999999.999999999999"));

        var (_, body) = await host.GetAsync("/api/v1/costs");

        Assert.Equal("-99999999999999999999999999.999999999999", (string?)body["total"]!["cost"]);
    }

    [Fact]
    public async Task Hours_in_a_zone_are_written_with_their_offset()
    {
        await using var host = await ApiHost.StartAsync();
        host.Transport.Answer = (_, _) => Task.FromResult(
            StoreAnswers.CostLine(true, "2", 2, "0")
                + StoreAnswers.CostLine(false, "1", 1, "1792890000")
                .Replace("\"1792890000\"", "1792890000", StringComparison.Ordinal));

        var (_, body) = await host.GetAsync("/api/v1/costs?groupBy=hour&timeZone=Europe/Berlin&from=2026-10-01&to=2026-11-01");

        Assert.Equal("2026-10-25T02:00:00+01:00", (string?)body["rows"]![0]!["hour"]);
        Assert.Equal("2026-09-30T22:00:00Z", (string?)body["from"]);
        Assert.Equal("2026-10-31T23:00:00Z", (string?)body["to"]);
    }

    [Theory]
    [InlineData("", "7.000000000000")]
    [InlineData("customer=acme", "3.000000000000")]
    [InlineData("customer=acme&customer=", "7.000000000000")]
    [InlineData("customer=nobody", "0.000000000000")]
    [InlineData("to=2026-03-15T10:00:00Z", "3.000000000000")]
    [InlineData("session=s-1", null)]
    public async Task Open_cost_follows_the_filters_or_is_not_told(string query, string? expected)
    {
        await using var host = await ApiHost.StartAsync();
        host.Open =
        [
            Figure(9, "acme", "3"),
            Figure(10, "", "4"),
        ];

        var (_, body) = await host.GetAsync("/api/v1/costs?" + query);

        Assert.Equal(expected, (string?)body["total"]!["openCost"]);
    }

    private static OpenCostFigure Figure(int hour, string customer, string cost) => new()
    {
        Hour = new DateTimeOffset(2026, 3, 15, hour, 0, 0, TimeSpan.Zero),
        Dimensions = new Dictionary<string, string> { ["customer"] = customer },
        Cost = Money.Parse(cost),
        Calls = 1,
    };
}
