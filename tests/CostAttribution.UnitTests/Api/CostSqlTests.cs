using System.Net;

namespace CostAttribution.UnitTests.Api;

public sealed class CostSqlTests
{
    [Theory]
    [InlineData("defaults", "")]
    [InlineData("ragged_both", "groupBy=customer,feature&from=2026-01-01T10:15:00Z&to=2026-01-03T11:45:30.5Z")]
    [InlineData("whole_hours", "groupBy=model&from=2026-01-01T10:00:00Z&to=2026-01-01T12:00:00Z")]
    [InlineData("inside_one_hour", "groupBy=model&from=2026-01-01T10:15:00Z&to=2026-01-01T10:45:00Z")]
    [InlineData("ledger_dimension", "groupBy=session,dim.tier&from=2026-01-01&to=2026-01-02&dim.tier=gold&dim.tier=")]
    [InlineData("filters", "groupBy=day&from=2026-01-01&to=2026-02-01&customer=a&customer=&priceStatus=unpriced_model&limit=5")]
    [InlineData("whole_hour_zone", "groupBy=day,hour,month&from=2026-01-01&to=2026-02-01&timeZone=Europe/Berlin")]
    [InlineData("half_hour_zone", "groupBy=day&from=2026-01-01&to=2026-02-01&timeZone=Asia/Kolkata")]
    public async Task A_question_about_costs_becomes_this_statement(string golden, string query)
    {
        await using var host = await ApiHost.StartAsync();

        var (status, _) = await host.GetAsync("/api/v1/costs?" + query);

        Assert.Equal(HttpStatusCode.OK, status);
        Golden.Matches($"costs_{golden}.sql", host.Transport.Transcript());
    }

    [Fact]
    public async Task Questions_carry_the_time_and_memory_they_may_take()
    {
        await using var host = await ApiHost.StartAsync();

        await host.GetAsync("/api/v1/costs");

        var settings = host.Transport.Asked.Single().Settings;
        Assert.Equal("30", settings["max_execution_time"]);
        Assert.Equal("2147483648", settings["max_memory_usage"]);
    }
}
