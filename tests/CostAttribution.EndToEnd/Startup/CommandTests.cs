using System.Globalization;
using System.Text.RegularExpressions;
using CostAttribution.EndToEnd.Hosting;

namespace CostAttribution.EndToEnd.Startup;

/// <summary>What the program does besides serving, and what it takes while it has nothing to do.</summary>
public sealed partial class CommandTests : IDisposable
{
    private readonly TempDirectory directory = new();

    [Fact]
    public async Task Help_shows_every_command_and_the_usual_settings()
    {
        var run = await ServerRun.ToEndAsync(directory, "--help");

        Assert.Equal(0, run.ExitCode);
        Assert.Empty(run.Errors);
        var text = string.Join('\n', run.Lines);
        string[] words = ["--demo ", "--demo-spans", "--demo-seconds", "--demo-exit", "--version", "--DataDirectory", "--Otlp:GrpcPort", "--ClickHouse:Url"];
        foreach (var word in words)
            Assert.Contains(word, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Version_is_one_line_with_a_version()
    {
        var run = await ServerRun.ToEndAsync(directory, "--version");

        Assert.Equal(0, run.ExitCode);
        Assert.Matches(@"^\d+\.\d+\.\d+$", Assert.Single(run.Lines));
    }

    [Theory]
    [InlineData("serve", "serve")]
    [InlineData("--demo-spans", "--demo-spans")]
    [InlineData("--Otlp:GrpcPort", "--Otlp:GrpcPort")]
    public async Task A_command_line_that_cannot_be_read_is_refused(string argument, string word)
    {
        var run = await ServerRun.ToEndAsync(directory, argument);

        run.FailedWith([word]);
    }

    [Fact]
    public async Task The_demo_drives_its_own_port_and_finds_the_ledger_equal_to_the_workload()
    {
        var start = ServerProgram.Start(directory.Path, [.. ServerRun.AnyPorts, "--demo", "--demo-spans", "600", "--demo-seconds", "3", "--demo-exit",
            "--Assembly:SettledQuiet", "00:00:00.5", "--Assembly:IdleQuiet", "00:00:02", "--Posting:FlushInterval", "00:00:00.1"]);

        var run = await ServerRun.ToEndAsync(start, TimeSpan.FromSeconds(150));

        var text = string.Join('\n', [.. run.Lines, .. run.Errors]);
        Assert.True(run.ExitCode == 0, text);
        Assert.Contains("ledger equals workload: yes", run.Lines);
        Assert.Contains(run.Lines, line => line.StartsWith("open: http://", StringComparison.Ordinal) && line.Contains("/explain", StringComparison.Ordinal));
        Assert.Contains(run.Lines, line => line.StartsWith("send: curl", StringComparison.Ordinal));
        Assert.True(Directory.Exists(Path.Combine(directory.Path, "data-demo")));
    }

    [Fact]
    public async Task The_demo_does_not_write_to_a_remote_store_unasked()
    {
        var run = await ServerRun.ToEndAsync(directory, "--demo", "--ClickHouse:Mode", "Remote", "--ClickHouse:Url", "http://127.0.0.1:9");

        run.FailedWith(["http://127.0.0.1:9", "--yes"]);
    }

    [Fact]
    public async Task A_server_with_an_empty_store_rests_below_700_MiB()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc");
        await using var server = await ServerProcess.StartAsync(directory, "--ClickHouse:HttpPort", ServerProcess.FreePort());

        var status = await File.ReadAllTextAsync($"/proc/{server.Id}/status", TestContext.Current.CancellationToken);

        var kibibytes = long.Parse(ResidentSet().Match(status).Groups[1].Value, CultureInfo.InvariantCulture);
        TestContext.Current.SendDiagnosticMessage("resident set of a server at rest: {0} KiB", kibibytes);
        Assert.InRange(kibibytes, 1, 700 * 1024);
    }

    public void Dispose() => directory.Dispose();

    [GeneratedRegex(@"VmRSS:\s+(\d+) kB")]
    private static partial Regex ResidentSet();
}
