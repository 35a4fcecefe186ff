using System.Diagnostics;
using CostAttribution.EndToEnd.Hosting;

namespace CostAttribution.EndToEnd.Startup;

/// <summary>A server that is expected to end by itself.</summary>
internal sealed record ServerRun(int ExitCode, IReadOnlyList<string> Lines, IReadOnlyList<string> Errors)
{
    /// <summary>Far more than it takes; met only when the server hangs or goes on serving.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);

    public static readonly string[] AnyPorts = ["--Otlp:GrpcPort", "0", "--Otlp:HttpPort", "0", "--Api:Port", "0", "--ClickHouse:HttpPort", "0"];

    public static Task<ServerRun> ToEndAsync(TempDirectory directory, params string[] arguments) =>
        ToEndAsync(ServerProgram.Start(directory.Path, arguments), Limit);

    public static async Task<ServerRun> ToEndAsync(ProcessStartInfo start, TimeSpan limit)
    {
        using var process = Process.Start(start)!;
        var output = new ProcessOutput(process);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(limit);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            Assert.Fail($"the server did not end within {limit.TotalSeconds:0} s\n{output}");
        }
        return new ServerRun(process.ExitCode, output.Lines, output.Errors);
    }

    /// <summary>Exit code 1, one line per fault, each beginning with <c>error:</c>, and no trace of the program's inside.</summary>
    public void FailedWith(params string[][] faults)
    {
        var all = $"--- stdout\n{string.Join('\n', Lines)}\n--- stderr\n{string.Join('\n', Errors)}";
        Assert.True(ExitCode == 1, $"exit code {ExitCode}\n{all}");
        Assert.DoesNotContain("   at ", all, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", all, StringComparison.Ordinal);
        Assert.True(faults.Length == Errors.Count, all);
        foreach (var (words, line) in faults.Zip(Errors))
        {
            Assert.StartsWith("error: ", line, StringComparison.Ordinal);
            foreach (var word in words) Assert.Contains(word, line, StringComparison.Ordinal);
        }
    }
}
