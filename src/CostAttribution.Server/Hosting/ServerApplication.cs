using CostAttribution.Server.Demo;
using CostAttribution.Server.Settings;
using Spectre.Console;

namespace CostAttribution.Server.Hosting;

/// <summary>
/// From command line to exit code: 0 for a clean stop, 1 for anything an operator has to mend, told in a line each.
/// </summary>
internal static class ServerApplication
{
    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            var line = CommandLine.Parse(args);
            if (line.Help)
            {
                Console.WriteLine(CommandLine.Usage);
                return 0;
            }
            if (line.Version)
            {
                Console.WriteLine(typeof(ServerApplication).Assembly.GetName().Version?.ToString(3));
                return 0;
            }
            return await ServeAsync(line).ConfigureAwait(false);
        }
        catch (StartupException fault)
        {
            foreach (var text in fault.Faults) await Console.Error.WriteLineAsync($"error: {text}").ConfigureAwait(false);
            return 1;
        }
    }

    private static async Task<int> ServeAsync(CommandLine line)
    {
        var configuration = ReadConfiguration(line);
        var settings = ServerSettings.From(configuration, line.Demo);
        if (line is { Demo: true, Yes: false } && settings.Store.Mode == StoreMode.Remote)
            throw new StartupException(
                $"--demo would write simulated data to {settings.Store.Url}; "
                + "add --yes if that is meant, or use the embedded store");

        using var stop = new CancellationTokenSource();
        using var signals = StopSignals.Into(stop);
        var server = await RunningServer.StartAsync(settings, configuration, quiet: line.Demo, TimeProvider.System, stop.Token)
            .ConfigureAwait(false);
        await using (server.ConfigureAwait(false))
        {
            if (!line.Demo)
            {
                await server.AnnounceAsync(Console.Out).ConfigureAwait(false);
                await server.WaitAsync(stop.Token).ConfigureAwait(false);
                return server.ExitCode;
            }
            var demo = new DemoCommand(server.DemoOptions(line), server.Store, AnsiConsole.Console, TimeProvider.System);
            var demoing = demo.RunAsync(stop.Token);
            await Task.WhenAny(demoing, server.WaitAsync(stop.Token)).ConfigureAwait(false);
            return server.ExitCode != 0 ? server.ExitCode : await demoing.ConfigureAwait(false);
        }
    }

    private static IConfigurationRoot ReadConfiguration(CommandLine line)
    {
        try
        {
            return new ConfigurationBuilder()
                .AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), optional: true)
                .AddJsonFile(Path.Combine(Directory.GetCurrentDirectory(), "appsettings.json"), optional: true)
                .AddEnvironmentVariables()
                .AddInMemoryCollection(line.Settings)
                .Build();
        }
        catch (Exception fault) when (fault is InvalidDataException or FormatException or IOException
            or UnauthorizedAccessException)
        {
            var cause = fault.GetBaseException().Message.TrimEnd('.');
            throw new StartupException($"settings cannot be read: {fault.Message.TrimEnd('.')} ({cause})");
        }
    }
}
