using System.Diagnostics;
using System.Text.Json;

namespace CostAttribution.EndToEnd.Clients;

/// <summary>Runs the scripts of <c>tests/clients/otlp</c> where the build has installed them.</summary>
internal static class NodeClient
{
    private static readonly string Directory = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "clients", "otlp"));

    /// <summary>The JSON that the script prints.</summary>
    public static async Task<JsonElement> RunAsync(string script, params string[] arguments)
    {
        var cancel = TestContext.Current.CancellationToken;
        var start = new ProcessStartInfo("node") { WorkingDirectory = Directory, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(script);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var node = Process.Start(start)!;
        var output = node.StandardOutput.ReadToEndAsync(cancel);
        var errors = node.StandardError.ReadToEndAsync(cancel);
        await node.WaitForExitAsync(cancel);
        Assert.True(node.ExitCode == 0, $"{script} ended with {node.ExitCode}\n{await errors}\n{await output}");
        return JsonElement.Parse(await output);
    }
}
