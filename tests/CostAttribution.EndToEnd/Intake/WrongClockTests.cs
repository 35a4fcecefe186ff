using CostAttribution.EndToEnd.Hosting;
using CostAttribution.EndToEnd.Ledger;

namespace CostAttribution.EndToEnd.Intake;

/// <summary>Spans whose clock cannot be right, in one request with others.</summary>
public sealed class WrongClockTests
{
    [Fact]
    public async Task Spans_from_1970_and_2200_are_dated_when_they_came_and_do_not_disturb_the_others()
    {
        using var data = new TempDirectory();
        await using var server = await ServerProcess.StartAsync(data, "--ClickHouse:HttpPort", ServerProcess.FreePort());
        var before = DateTimeOffset.UtcNow;
        var (right, past, future) = (new JsonTrace(), new JsonTrace(start: DateTimeOffset.UnixEpoch.AddSeconds(5)),
            new JsonTrace(start: new DateTimeOffset(2200, 1, 1, 0, 0, 0, TimeSpan.Zero)));
        // A year's worth of start times, all but the last month's beyond belief: they must not open a partition each.
        var spread = Enumerable.Range(1, 24).Select(month => new JsonTrace(start: before.AddDays(-30 * month))).ToArray();
        JsonTrace[] all = [right, past, future, .. spread];

        await server.Otlp.SendJsonAsync(JsonTrace.Request([.. all.SelectMany(trace => new[]
        {
            trace.Root(1, "c-clock"), trace.Chat(2, 1, "gpt-4o", 500, 0, 100),
        })]));
        foreach (var trace in all) await server.Api.SettledRunAsync(trace.Id, spans: 2, calls: 1);
        var after = DateTimeOffset.UtcNow;

        using var sql = new SqlClient(server.Sql!);
        foreach (var (trace, skewed) in all.Select(trace => (trace, trace != right && trace != spread[0])))
        {
            var row = await sql.ScalarAsync(
                $"SELECT toUnixTimestamp64Milli(event_time), has(flags, 'clock_skew'), cost FROM cost_ledger WHERE trace_id = '{trace.Id}'");
            var fields = row.Split('\t');
            Assert.Equal((skewed ? "1" : "0", "0.00225"), (fields[1], fields[2]));
            if (!skewed) continue;
            Assert.InRange(DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(fields[0])), before.AddSeconds(-1), after.AddSeconds(1));
        }
        Assert.InRange(int.Parse(await sql.ScalarAsync(
            "SELECT max(months) FROM (SELECT posting_id, uniqExact(toYYYYMM(event_time)) AS months FROM cost_ledger GROUP BY posting_id)")), 1, 12);

        var hour = before.ToString("yyyy-MM-ddTHH:00:00Z");
        var now = await server.Api.GetAsync($"/api/v1/costs?groupBy=customer&from={hour}&to={after.AddHours(1):yyyy-MM-ddTHH:00:00Z}");
        Assert.Equal(all.Length - 1, Assert.Single(now.GetProperty("rows").EnumerateArray()).Count("calls"));
        foreach (var (table, column) in new[] { ("cost_ledger", "event_time"), ("cost_hourly", "hour") })
        {
            Assert.Equal("0", await sql.ScalarAsync(
                $"SELECT count() FROM {table} WHERE {column} < now() - INTERVAL 32 DAY OR {column} > now() + INTERVAL 11 MINUTE"));
        }
    }
}
