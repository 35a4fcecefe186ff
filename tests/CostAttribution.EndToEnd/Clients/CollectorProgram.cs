using System.Diagnostics;
using CostAttribution.EndToEnd.Hosting;

namespace CostAttribution.EndToEnd.Clients;

/// <summary>
/// A real OpenTelemetry Collector: the one that <c>OTELCOL_BINARY</c> names, or one built once by the script beside the repository
/// and kept in the user's cache.
/// </summary>
internal static class CollectorProgram
{
    private static readonly TimeSpan BuildMax = TimeSpan.FromMinutes(15);

    /// <summary>Path of the program, or why there is none.</summary>
    public static async Task<(string? Path, string Reason)> FindAsync()
    {
        if (Environment.GetEnvironmentVariable("OTELCOL_BINARY") is { Length: > 0 } given)
            return File.Exists(given) ? (given, "") : (null, $"OTELCOL_BINARY names {given}, which does not exist");
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var caches = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } configured ? configured : Path.Combine(home, ".cache");
        var target = Path.Combine(caches, "cost-attribution", "otelcol");
        if (File.Exists(target)) return (target, "");
        var script = Path.GetFullPath(Path.Combine(ServerProgram.RepositoryRoot, "..", "shared", "tools", "otelcol", "build.sh"));
        if (!File.Exists(script)) return (null, $"set OTELCOL_BINARY to a Collector; there is no {script} to build one either");
        return await BuildAsync(script, target);
    }

    private static async Task<(string? Path, string Reason)> BuildAsync(string script, string target)
    {
        var start = new ProcessStartInfo("bash") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(script);
        start.ArgumentList.Add(target);
        using var build = Process.Start(start)!;
        var output = new ProcessOutput(build);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(BuildMax);
        try
        {
            await build.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            build.Kill(entireProcessTree: true);
            return (null, $"the Collector was not built within {BuildMax.TotalMinutes:0} minutes\n{output}");
        }
        return build.ExitCode == 0 && File.Exists(target) ? (target, "") : (null, $"the Collector could not be built\n{output}");
    }
}
