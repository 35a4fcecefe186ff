using CostAttribution.EndToEnd.Hosting;
using CostAttribution.EndToEnd.Intake;

namespace CostAttribution.EndToEnd.Crashes;

/// <summary>What a crash leaves half done on disk: a schema, the last bytes of a journal.</summary>
public sealed class HalfDoneTests
{
    [Fact]
    public async Task A_schema_migration_killed_at_every_other_step_is_completed_by_the_next_start()
    {
        using var data = new TempDirectory();
        var store = Path.Combine(data.Path, "data", "store");
        var tables = 0;
        foreach (var wanted in new[] { 1, 3, 5, 7, 9 })
        {
            await using var server = ServerProcess.Launch(data);
            await Eventually.GetAsync(() => Task.FromResult(tables = Definitions(store)), count => count >= wanted || server.HasExited, server.ToString);
            Assert.False(server.HasExited, server.ToString());
            await server.KillAsync();
        }
        await using var last = await ServerProcess.StartAsync(data);
        Assert.True(Definitions(store) > tables, $"all {tables} definitions were there before the last kill");
        var trace = new JsonTrace();
        await last.Otlp.SendJsonAsync(JsonTrace.Request(trace.Root(1, "c-migrated"), trace.Chat(2, 1, "gpt-4o", 500, 0, 100)));
        await last.Api.SettledRunAsync(trace.Id, spans: 2, calls: 1);

        var costs = await last.Api.GetAsync("/api/v1/costs?groupBy=customer");
        Assert.Equal("0.002250000000", Assert.Single(costs.GetProperty("rows").EnumerateArray()).Text("cost"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0xFF)]
    public async Task Bytes_behind_the_last_acknowledged_span_are_cut_and_nothing_is_lost(byte filler)
    {
        using var data = new TempDirectory();
        var sent = await SendAndKillAsync(data, traces: 8);
        var segment = LastSegment(data);
        await using (var file = File.Open(segment, FileMode.Append)) file.Write(Enumerable.Repeat(filler, 777).ToArray());

        await using var server = await ServerProcess.StartAsync(data);

        Assert.Contains(server.Lines, line => line.Contains("journal TailCut", StringComparison.Ordinal));
        foreach (var trace in sent) await server.Api.SettledRunAsync(trace.Id, spans: 2, calls: 1);
    }

    [Fact]
    public async Task A_tail_cut_into_an_acknowledged_span_is_reported_and_the_rest_is_right()
    {
        using var data = new TempDirectory();
        var sent = await SendAndKillAsync(data, traces: 8);
        var segment = LastSegment(data);
        await using (var file = File.Open(segment, FileMode.Open)) file.SetLength(file.Length - 10);

        await using var server = await ServerProcess.StartAsync(data);

        Assert.Contains(server.Lines, line => line.Contains("journal TailCut", StringComparison.Ordinal));
        foreach (var trace in sent[..^1]) await server.Api.SettledRunAsync(trace.Id, spans: 2, calls: 1);
        var costs = await server.Api.GetAsync("/api/v1/costs?groupBy=customer");
        Assert.Equal(sent.Count - 1, Assert.Single(costs.GetProperty("rows").EnumerateArray()).Count("calls"));

        // The sender, had it not been told OK, would have sent it again: then it counts, once.
        await server.Otlp.SendJsonAsync(Request(sent[^1]));
        await server.Api.SettledRunAsync(sent[^1].Id, spans: 2, calls: 1);
        Assert.NotEmpty(Directory.EnumerateFiles(Path.Combine(data.Path, "data", "journal", "quarantine")));
    }

    [Fact]
    public async Task A_record_damaged_in_the_middle_is_set_aside_counted_and_does_not_block_the_rest()
    {
        using var data = new TempDirectory();
        var sent = await SendAndKillAsync(data, traces: 8);
        var segment = LastSegment(data);
        await using (var file = File.Open(segment, FileMode.Open, FileAccess.ReadWrite))
        {
            // In the middle of eight records of the same size.
            file.Position = file.Length / 2;
            var old = file.ReadByte();
            file.Position--;
            file.WriteByte((byte)~old);
        }

        await using var server = await ServerProcess.StartAsync(data);

        var costs = await Eventually.GetAsync(
            () => server.Api.GetAsync("/api/v1/costs?groupBy=customer"),
            seen => seen.GetProperty("rows").EnumerateArray().Sum(row => row.Count("calls")) >= sent.Count - 1, server.ToString);
        Assert.Equal(sent.Count - 1, Assert.Single(costs.GetProperty("rows").EnumerateArray()).Count("calls"));
        var pipeline = await server.Api.GetAsync("/api/v1/pipeline");
        Assert.True(pipeline.GetProperty("reasons").GetProperty("journal").Count("damaged_stretches") > 0, pipeline.ToString());
        Assert.NotEmpty(Directory.EnumerateFiles(Path.Combine(data.Path, "data", "journal", "quarantine")));
    }

    [Fact]
    public async Task Posting_files_that_do_not_check_are_told_at_the_start_and_shown_until_they_are_taken_away()
    {
        using var data = new TempDirectory();
        var postings = Directory.CreateDirectory(Path.Combine(data.Path, "data", "postings")).FullName;
        await File.WriteAllTextAsync(Path.Combine(postings, "n-1.pending"), "torn", TestContext.Current.CancellationToken);

        await using var server = await ServerProcess.StartAsync(data);

        Assert.Contains(server.Lines, line => line.Contains("take them away: n-1.damaged", StringComparison.Ordinal));
        var seen = await server.Api.GetAsync("/api/v1/pipeline");
        Assert.Equal(1, seen.GetProperty("setAside").Count("damagedPostings"));
        Assert.Equal("n-1.damaged", Assert.Single(seen.GetProperty("setAside").GetProperty("damagedPostingFiles").EnumerateArray()).GetString());
        Assert.Equal("struggling", seen.GetProperty("posting").Text("state"));
        File.Delete(Path.Combine(postings, "n-1.damaged"));
        seen = await server.Api.GetAsync("/api/v1/pipeline");
        Assert.Equal(("healthy", 0L), (seen.GetProperty("posting").Text("state"), seen.GetProperty("setAside").Count("damagedPostings")));
    }

    /// <summary>Traces that are acknowledged and not posted: the server waits for their rest when it is killed.</summary>
    private static async Task<List<JsonTrace>> SendAndKillAsync(TempDirectory data, int traces)
    {
        var sent = new List<JsonTrace>();
        await using var server = await ServerProcess.StartAsync(data, "--Assembly:SettledQuiet", "00:00:30", "--Assembly:IdleQuiet", "00:01:00");
        for (var i = 0; i < traces; i++)
        {
            sent.Add(new JsonTrace());
            await server.Otlp.SendJsonAsync(Request(sent[^1]));
        }
        await server.KillAsync();
        return sent;
    }

    private static byte[] Request(JsonTrace trace) => JsonTrace.Request(trace.Root(1, "c-torn"), trace.Chat(2, 1, "gpt-4o", 500, 0, 100));

    private static string LastSegment(TempDirectory data) =>
        Directory.EnumerateFiles(Path.Combine(data.Path, "data", "journal"), "journal-*.seg").Order(StringComparer.Ordinal).Last();

    private static int Definitions(string store)
    {
        try
        {
            return Directory.Exists(store)
                ? Directory.EnumerateFiles(store, "*.sql", SearchOption.AllDirectories).Count(path => !path.Contains("/system/", StringComparison.Ordinal))
                : 0;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // A directory went while it was being read.
            return 0;
        }
    }
}
