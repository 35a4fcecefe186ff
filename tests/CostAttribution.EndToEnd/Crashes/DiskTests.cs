using System.Diagnostics;
using System.Net;
using CostAttribution.EndToEnd.Hosting;
using CostAttribution.EndToEnd.Intake;
using CostAttribution.EndToEnd.Ledger;
using CostAttribution.EndToEnd.Remote;
using CostAttribution.Workload;

namespace CostAttribution.EndToEnd.Crashes;

/// <summary>A disk that fails under the running server: senders are refused loudly, and taken again when it works.</summary>
public sealed class DiskTests(StoreServer stores)
{
    private static readonly string[] SmallSegments =
    [
        "--Journal:SegmentBytesMax", "65536", "--Journal:RecordBytesMax", "60000", "--Journal:WindowBytesMax", "0",
        "--Journal:RetryInterval", "00:00:00.1",
    ];

    [Fact]
    public async Task A_full_disk_pushes_senders_back_until_there_is_room()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "needs to mount a small file system");
        using var data = new TempDirectory();
        var disk = Directory.CreateDirectory(Path.Combine(data.Path, "data")).FullName;
        Assert.SkipUnless(await RunAsync("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk) == 0, "needs to mount a small file system");
        try
        {
            await using var store = await stores.NewAsync();
            using var senders = new Senders(
                new WorkloadOptions { Seed = 20_269, Start = DateTimeOffset.UtcNow, Spans = 2_500, BatchSpansMax = 12, Rate = 5_000 },
                lanes: 4, pace: TimeSpan.FromMilliseconds(5));
            await using var server = await ServerProcess.StartAsync(
                data, [.. store.Settings, .. SmallSegments, "--Journal:FreeBytesMin", "262144", "--RateCards:Directory", Books.RateCards(data)]);
            senders.Target(server);
            senders.Allow(20);
            await Eventually.GetAsync(() => Task.FromResult(senders.Acknowledged), spans => spans > 100, server.ToString);
            var filler = Path.Combine(disk, "filler");
            Fill(filler);
            senders.AllowAll();
            await Eventually.GetAsync(() => Task.FromResult(senders.PushedBack), count => count > 5, Told);
            var pipeline = await server.Api.GetAsync("/api/v1/pipeline");
            Assert.Equal("struggling", pipeline.GetProperty("journal").Text("state"));
            Assert.Contains("the disk is nearly full", pipeline.GetProperty("journal").Text("detail"), StringComparison.Ordinal);
            Assert.False(senders.Sent.IsCompleted);

            File.Delete(filler);
            await Settled.SentAsync(senders, Told);
            await Settled.WithoutDifferencesAsync(server, () => Books.DifferencesAsync(store.Sql, senders.Truth), Told);
            Assert.Equal(0, await server.StopAsync(TimeSpan.FromSeconds(60)));

            string Told() => $"{senders}\n{server}";
        }
        finally
        {
            Assert.Equal(0, await RunAsync("umount", "-l", disk));
        }
    }

    [Fact]
    public async Task A_disk_below_its_free_space_floor_pushes_senders_back_and_a_lower_floor_takes_them()
    {
        using var data = new TempDirectory();
        await using var store = await stores.NewAsync();
        var trace = new JsonTrace();
        var request = JsonTrace.Request(trace.Root(1, "c-floor"), trace.Chat(2, 1, "gpt-4o", 500, 0, 100));
        await using (var server = await ServerProcess.StartAsync(data, [.. store.Settings, "--Journal:FreeBytesMin", $"{1L << 60}"]))
        {
            var (status, body) = await server.Otlp.PostAsync("/v1/traces", request, "application/json");
            Assert.True(status == HttpStatusCode.TooManyRequests, $"{(int)status} {body}");
            var pipeline = await server.Api.GetAsync("/api/v1/pipeline");
            Assert.Contains("the disk is nearly full", pipeline.GetProperty("journal").Text("detail"), StringComparison.Ordinal);
            Assert.Equal(0, await server.StopAsync(TimeSpan.FromSeconds(60)));
        }

        await using var again = await ServerProcess.StartAsync(data, store.Settings);
        await again.Otlp.SendJsonAsync(request);
        await again.Api.SettledRunAsync(trace.Id, spans: 2, calls: 1);
    }

    [Theory]
    [InlineData(Trouble.ReadOnly)]
    [InlineData(Trouble.Gone)]
    public async Task A_journal_directory_that_cannot_be_written_refuses_senders_until_it_can(Trouble trouble)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs Unix file modes");
        using var data = new TempDirectory();
        await using var store = await stores.NewAsync();
        await using var server = ServerProcess.Launch(data, ServerProgram.WithoutSuperuserRights, [.. store.Settings, .. SmallSegments]);
        await server.WaitUntilReadyAsync();
        var sent = new List<JsonTrace>();
        await SendAsync(server, sent);
        var journal = Path.Combine(data.Path, "data", "journal");

        if (trouble == Trouble.ReadOnly) SetMode(journal, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        else Directory.Move(journal, journal + "-moved");
        // The open segment can still be written; the next cannot be made.
        var refused = await Eventually.GetAsync(() => TrySendAsync(server, sent), status => status != HttpStatusCode.OK, server.ToString);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused);
        var (_, retryAfter) = await server.Otlp.TryPostAsync([]);
        Assert.True(retryAfter >= TimeSpan.FromSeconds(1));
        Assert.Equal("14", (await server.Otlp.TryCallAsync([])).Status);
        var pipeline = await server.Api.GetAsync("/api/v1/pipeline");
        Assert.Equal("failed", pipeline.GetProperty("journal").Text("state"));
        Assert.Contains(server.Lines, line => line.Contains("cannot write the journal", StringComparison.Ordinal));

        if (trouble == Trouble.ReadOnly) SetMode(journal, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        else Directory.Move(journal + "-moved", journal);
        await Eventually.GetAsync(() => TrySendAsync(server, sent), status => status == HttpStatusCode.OK, server.ToString);
        await Eventually.GetAsync(
            () => store.Sql.ScalarAsync("SELECT uniqExact(trace_id), count(), sum(calls) FROM cost_ledger"),
            row => row == $"{sent.Count}\t{sent.Count}\t{sent.Count}", () => $"{sent.Count} were accepted\n{server}");
        Assert.Equal(0, await server.StopAsync(TimeSpan.FromSeconds(60)));
    }

    /// <summary>What befalls the directory.</summary>
    public enum Trouble { ReadOnly, Gone }

    private static async Task SendAsync(ServerProcess server, List<JsonTrace> sent) =>
        Assert.Equal(HttpStatusCode.OK, await TrySendAsync(server, sent));

    private static async Task<HttpStatusCode> TrySendAsync(ServerProcess server, List<JsonTrace> sent)
    {
        var trace = new JsonTrace();
        var padding = Enumerable.Range(10, 30).Select(number => trace.Span(number, 1, $"step {number}", ("gen_ai.tool.name", new string('x', 200))));
        var (status, _) = await server.Otlp.PostAsync("/v1/traces",
            JsonTrace.Request([trace.Root(1, "c-disk"), trace.Chat(2, 1, "gpt-4o", 500, 0, 100), .. padding]), "application/json");
        if (status == HttpStatusCode.OK) sent.Add(trace);
        return status;
    }

    private static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, mode);
    }

    private static void Fill(string path)
    {
        var block = new byte[16 * 1024];
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true) file.Write(block);
        }
        catch (IOException)
        {
            // That is the point.
        }
    }

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        using var run = Process.Start(program, arguments);
        await run.WaitForExitAsync(TestContext.Current.CancellationToken);
        return run.ExitCode;
    }
}
