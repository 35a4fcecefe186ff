using CostAttribution.Server.Hosting;
using CostAttribution.Server.Settings;

namespace CostAttribution.Server.Commands;

/// <summary>What the program does without a verb: takes spans in until it is stopped.</summary>
internal static class ServeCommand
{
    public static async Task<int> RunAsync(GivenSettings given)
    {
        var configuration = given.ReadConfiguration();
        var settings = ServerSettings.From(configuration, demo: false);
        using var stop = new CancellationTokenSource();
        using var deadline = new StopDeadline(TimeProvider.System, settings.Shutdown.Timeout);
        using var signals = StopSignals.Into(stop, deadline);
        var server = await RunningServer.StartAsync(settings, configuration, quiet: false, TimeProvider.System, deadline,
            stop.Token).ConfigureAwait(false);
        if (server is null) return 0;
        await using (server.ConfigureAwait(false))
        {
            await server.AnnounceAsync(Console.Out).ConfigureAwait(false);
            await server.WaitAsync(stop.Token).ConfigureAwait(false);
            return server.ExitCode;
        }
    }
}
