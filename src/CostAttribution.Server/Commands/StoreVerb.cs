using System.CommandLine;
using CostAttribution.Server.Hosting;
using CostAttribution.Server.Settings;

namespace CostAttribution.Server.Commands;

/// <summary>What verbs share that work on a data directory: themselves, or through the server that runs on it.</summary>
internal static class StoreVerb
{
    /// <summary>
    /// Exit code when something is left or waits; 0 is all done, 1 a fault of the command.
    /// </summary>
    public const int Left = 3;

    /// <summary>Longest that it takes to give up waiting for a server.</summary>
    public static readonly TimeSpan StopMax = TimeSpan.FromSeconds(5);

    public static Option<Uri?> Server(string description) => new("--server")
    {
        Description = $"{description}, for example http://127.0.0.1:8080",
        HelpName = "url",
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https") return url;
            result.AddError("--server needs an address such as http://127.0.0.1:8080");
            return null;
        },
    };

    /// <summary>
    /// Opens the data directory without ports; null when told to stop before. One that is in use is refused with
    /// <see cref="StartupException"/>, which names the way through the server.
    /// </summary>
    public static async Task<RunningServer?> OpenAsync(string verb, IConfiguration configuration, ServerSettings settings,
        StopDeadline deadline, CancellationToken stop)
    {
        try
        {
            return await RunningServer.StartAsync(settings, configuration, quiet: true, TimeProvider.System, deadline, stop,
                listen: false).ConfigureAwait(false);
        }
        catch (StartupException fault) when (fault.Faults.Any(text => text.Contains("in use", StringComparison.Ordinal)))
        {
            throw new StartupException([.. fault.Faults.Select(text =>
                $"{text}; when a server runs there, have it do it: {verb} --server http://host:{settings.ApiPort}")]);
        }
    }

    /// <summary>
    /// Does something that needs the pipeline, which confirms and repairs: its end cancels what is being done.
    /// </summary>
    public static async Task<T> WhileRunningAsync<T>(RunningServer opened, Func<CancellationToken, Task<T>> work,
        CancellationToken stop)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var watch = WatchAsync();
        try
        {
            return await work(ended.Token).ConfigureAwait(false);
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            await watch.ConfigureAwait(false);
        }

        async Task WatchAsync()
        {
            await opened.WaitAsync(ended.Token).ConfigureAwait(false);
            await ended.CancelAsync().ConfigureAwait(false);
        }
    }
}
