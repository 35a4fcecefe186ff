using CostAttribution.Server.Commands;
using CostAttribution.Server.Settings;

namespace CostAttribution.Server.Hosting;

/// <summary>
/// From command line to exit code: 0 for a clean end, 1 for anything an operator has to mend, told in a line each; a verb may
/// have further codes, which its help names.
/// </summary>
internal static class ServerApplication
{
    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            return await CommandTree.RunAsync(args, Console.Out).ConfigureAwait(false);
        }
        catch (StartupException fault)
        {
            foreach (var text in fault.Faults) await Console.Error.WriteLineAsync($"error: {text}").ConfigureAwait(false);
            return 1;
        }
    }
}
