using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using CostAttribution.Server.Hosting;
using CostAttribution.Server.Settings;

namespace CostAttribution.Server.Commands;

/// <summary>What the verbs on prices share: they work on a store of their own, or through a running server.</summary>
internal static class PriceVerb
{
    public static Option<DateTimeOffset?> TimeOption(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "time",
        CustomParser = result => DateTimeOffset.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time : Refuse(result, $"{name} needs a time such as 2026-01-01T06:00:00Z"),
    };

    /// <summary>Opens the store of the settings, without ports, and works on it; returns the exit code.</summary>
    public static async Task<int> HereAsync(GivenSettings given, string verb,
        Func<RunningServer, CancellationToken, Task<int>> work)
    {
        using var stop = new CancellationTokenSource();
        var configuration = given.ReadConfiguration();
        var settings = ServerSettings.From(configuration, demo: false);
        using var deadline = new StopDeadline(TimeProvider.System, settings.Shutdown.Timeout);
        using var signals = StopSignals.Into(stop, deadline);
        var opened = await StoreVerb.OpenAsync(verb, configuration, settings, deadline, stop.Token).ConfigureAwait(false);
        if (opened is null) return 1;
        await using (opened.ConfigureAwait(false))
        {
            var code = 1;
            try
            {
                code = await StoreVerb.WhileRunningAsync(opened, ended => work(opened, ended), stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // Told to stop, or the pipeline has died, which says so itself.
            }
            if (opened.ExitCode == 0) opened.ExitCode = code;
            return opened.ExitCode;
        }
    }

    /// <summary>Works with the server at an address; returns the exit code.</summary>
    public static async Task<int> ThereAsync(Uri url, Func<RemoteApi, CancellationToken, Task<int>> work)
    {
        using var stop = new CancellationTokenSource();
        using var deadline = new StopDeadline(TimeProvider.System, StoreVerb.StopMax);
        using var signals = StopSignals.Into(stop, deadline);
        using var api = new RemoteApi(url);
        try
        {
            return await work(api, stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return 1;
        }
    }

    private static DateTimeOffset? Refuse(ArgumentResult result, string fault)
    {
        result.AddError(fault);
        return null;
    }
}
