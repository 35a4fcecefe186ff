using System.CommandLine;
using System.CommandLine.Parsing;
using CostAttribution.Server.Demo;
using CostAttribution.Server.Hosting;
using CostAttribution.Server.Settings;
using Spectre.Console;

namespace CostAttribution.Server.Commands;

/// <summary><c>--demo</c>: serves, and drives a simulated product through its own OTLP port.</summary>
internal sealed class DemoCommand(GivenSettings given)
{
    private readonly Option<bool> demo = new("--demo")
    {
        Description = "serve, and drive a simulated multi-tenant GenAI workload through the OTLP port",
    };

    private readonly Option<int> spans = Positive("--demo-spans", "N", "how many spans the demo sends (default 25000)");

    private readonly Option<int> seconds = Positive("--demo-seconds", "N", "the time it sends them in (default 60)");

    private readonly Option<bool> exit = new("--demo-exit")
    {
        Description = "leave when the demo is done, with exit code 0 when the ledger equals the workload",
    };

    private readonly Option<bool> yes = new("--yes") { Description = "let --demo write to a remote store" };

    public void AddOptionsTo(RootCommand root)
    {
        foreach (var option in (Option[])[demo, spans, seconds, exit, yes]) root.Options.Add(option);
    }

    public bool IsAskedFor(ParseResult parsed) => parsed.GetValue(demo);

    public async Task<int> RunAsync(ParseResult parsed)
    {
        var configuration = given.ReadConfiguration();
        var settings = ServerSettings.From(configuration, demo: true);
        if (settings.Store.Mode == StoreMode.Remote && !parsed.GetValue(yes))
            throw new StartupException(
                $"--demo would write simulated data to {settings.Store.ShownUrl}; "
                + "add --yes if that is meant, or use the embedded store");

        using var stop = new CancellationTokenSource();
        using var deadline = new StopDeadline(TimeProvider.System, settings.Shutdown.Timeout);
        using var signals = StopSignals.Into(stop, deadline);
        var server = await RunningServer.StartAsync(settings, configuration, quiet: true, TimeProvider.System, deadline,
            stop.Token).ConfigureAwait(false);
        if (server is null) return 0;
        await using (server.ConfigureAwait(false))
        {
            var run = new DemoRun(OptionsFor(server, parsed), server.Store, AnsiConsole.Console, TimeProvider.System);
            var running = run.RunAsync(stop.Token);
            await Task.WhenAny(running, server.WaitAsync(stop.Token)).ConfigureAwait(false);
            return server.ExitCode != 0 ? server.ExitCode : await running.ConfigureAwait(false);
        }
    }

    private DemoOptions OptionsFor(RunningServer server, ParseResult parsed)
    {
        var options = server.DemoOptions() with { Exit = parsed.GetValue(exit) };
        if (parsed.GetResult(spans) is not null) options = options with { Spans = parsed.GetValue(spans) };
        if (parsed.GetResult(seconds) is null) return options;
        return options with { Duration = TimeSpan.FromSeconds(parsed.GetValue(seconds)) };
    }

    private static Option<int> Positive(string name, string value, string description)
    {
        var option = new Option<int>(name)
        {
            Description = description,
            HelpName = value,
            // The parser's own words for a text that is no number name the type, not what to do.
            CustomParser = result => IsPositive(result.Tokens, out var number) ? number : Refuse(result),
        };
        return option;

        int Refuse(ArgumentResult result)
        {
            result.AddError($"{name} needs a positive number");
            return 0;
        }
    }

    private static bool IsPositive(IReadOnlyList<Token> tokens, out int number)
    {
        number = 0;
        return tokens is [var token] && int.TryParse(token.Value, System.Globalization.NumberStyles.None,
            System.Globalization.CultureInfo.InvariantCulture, out number) && number > 0;
    }
}
