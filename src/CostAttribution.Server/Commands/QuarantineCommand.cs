using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using CostAttribution.ClickHouse.Auditing;
using CostAttribution.Ingest.Auditing;
using CostAttribution.Journal;
using CostAttribution.Journal.Filesystem;
using CostAttribution.Journal.Postings;
using CostAttribution.Server.Hosting;
using CostAttribution.Server.Settings;

namespace CostAttribution.Server.Commands;

/// <summary>
/// <c>quarantine list | show | post</c>: what the store refused, and posting it again once the cause is gone. Looking needs the
/// files only; posting opens the data directory itself, without ports, or asks the server that runs on it.
/// </summary>
internal sealed class QuarantineCommand : Command
{
    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
    };

    private readonly GivenSettings given;
    private readonly Option<bool> json = new("--json") { Description = "print JSON" };
    private readonly Option<Uri?> server = StoreVerb.Server("ask the server that runs at this address");
    private readonly Option<bool> all = new("--all") { Description = "post all that is in quarantine" };
    private readonly Argument<string> one = new("id") { Description = "id of a refused posting, as listed" };

    private readonly Argument<string[]> some = new("ids")
    {
        Description = "ids of refused postings, as listed",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public QuarantineCommand(GivenSettings given)
        : base("quarantine", "look at what the store refused for what it says, and post it again once the cause is gone")
    {
        this.given = given;
        var list = new Command("list", "list refused postings with the reason") { json, server };
        var show = new Command("show", "show what one holds: counts, money, traces") { one, json, server };
        var post = new Command("post", "cost the traces of refused postings again with what these hold, and post what the ledger "
            + $"lacks; nothing counts twice; exit code 0: all posted; {StoreVerb.Left}: something is left or waits; 1: it could "
            + "not run") { some, all, json, server };
        list.SetAction((parsed, _) => ListAsync(parsed));
        show.SetAction((parsed, _) => ShowAsync(parsed));
        post.SetAction((parsed, _) => PostAsync(parsed));
        foreach (var verb in (Command[])[list, show, post]) Subcommands.Add(verb);
    }

    private async Task<int> ListAsync(ParseResult parsed)
    {
        using var remote = Remote(parsed);
        var postings = remote is null ? Look(reader => reader.List())
            : await remote.ListAsync(CancellationToken.None).ConfigureAwait(false);
        return await PrintAsync(parsed, postings, QuarantineText.List(postings)).ConfigureAwait(false);
    }

    private async Task<int> ShowAsync(ParseResult parsed)
    {
        var id = parsed.GetValue(one)!;
        using var remote = Remote(parsed);
        var posting = remote is null
            ? Look(reader => reader.Find(id)) ?? throw new StartupException($"no refused posting '{id}' is in quarantine")
            : await remote.FindAsync(id, CancellationToken.None).ConfigureAwait(false);
        return await PrintAsync(parsed, posting, QuarantineText.Show(posting)).ConfigureAwait(false);
    }

    private async Task<int> PostAsync(ParseResult parsed)
    {
        var ids = parsed.GetValue(some) ?? [];
        if (parsed.GetValue(all) == ids.Length > 0) throw new StartupException("name the postings to post, or --all");
        using var remote = Remote(parsed);
        using var stop = new CancellationTokenSource();
        if (remote is null) return await PostHereAsync(parsed, ids, stop).ConfigureAwait(false);
        using var deadline = new StopDeadline(TimeProvider.System, StoreVerb.StopMax);
        using var signals = StopSignals.Into(stop, deadline);
        if (ids.Length == 0) ids = IdsOf(await remote.ListAsync(stop.Token).ConfigureAwait(false));
        return await PostEachAsync(parsed, ids, id => remote.PostAsync(id, stop.Token)).ConfigureAwait(false);
    }

    private async Task<int> PostHereAsync(ParseResult parsed, string[] ids, CancellationTokenSource stop)
    {
        var configuration = given.ReadConfiguration();
        var settings = SettingsOf(configuration);
        using var deadline = new StopDeadline(TimeProvider.System, settings.Shutdown.Timeout);
        using var signals = StopSignals.Into(stop, deadline);
        var opened = await StoreVerb.OpenAsync("quarantine post", configuration, settings, deadline, stop.Token)
            .ConfigureAwait(false);
        if (opened is null) return 1;
        await using (opened.ConfigureAwait(false))
        {
            var postings = opened.RefusedPostings;
            if (ids.Length == 0) ids = IdsOf(postings.Reader.List());
            // Told before anything is closed, which may take longer than there is time.
            var code = await StoreVerb.WhileRunningAsync(opened, ended => PostEachAsync(parsed, ids, async id =>
                    await postings.PostAsync(id, ended).ConfigureAwait(false)
                        ?? new RefusedResult(id, RefusedOutcome.Left, 0, "it is not in quarantine")), stop.Token)
                .ConfigureAwait(false);
            if (opened.ExitCode == 0) opened.ExitCode = code;
            return opened.ExitCode;
        }
    }

    // Told are all that were asked for, also when it is cut off; a fault ends it behind what was done until then.
    private async Task<int> PostEachAsync(ParseResult parsed, string[] ids, Func<string, Task<RefusedResult>> post)
    {
        var results = new List<RefusedResult>();
        try
        {
            foreach (var id in ids) results.Add(await post(id).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            results.AddRange(ids.Skip(results.Count)
                .Select(id => new RefusedResult(id, RefusedOutcome.Left, 0, "it was cut off; post it again")).ToArray());
        }
        catch (StartupException) when (results.Count > 0)
        {
            await TellAsync(parsed, results).ConfigureAwait(false);
            throw;
        }
        await TellAsync(parsed, results).ConfigureAwait(false);
        return results.TrueForAll(result => result.Outcome == RefusedOutcome.Posted) ? 0 : StoreVerb.Left;
    }

    private Task<int> TellAsync(ParseResult parsed, List<RefusedResult> results) => PrintAsync(parsed, results,
        results.Count == 0 ? ["nothing is in quarantine"] : results.Select(QuarantineText.Result));

    private RemoteQuarantine? Remote(ParseResult parsed) => parsed.GetValue(server) is { } url ? new RemoteQuarantine(url) : null;

    private T Look<T>(Func<RefusedReader, T> look)
    {
        var settings = SettingsOf(given.ReadConfiguration());
        var postings = Path.Combine(settings.DataDirectory, "postings");
        try
        {
            // Nothing was ever posted where there is no such directory.
            if (!Directory.Exists(postings)) throw new StartupException($"'{settings.DataDirectory}' has no postings");
            return look(new RefusedReader(new RefusedFiles(SystemDirectory.Open(postings))));
        }
        catch (Exception fault) when (fault is JournalException or IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"DataDirectory '{settings.DataDirectory}' cannot be used: {fault.Message.TrimEnd('.')}");
        }
    }

    private static ServerSettings SettingsOf(IConfiguration configuration)
    {
        var settings = ServerSettings.From(configuration, demo: false);
        return Directory.Exists(settings.DataDirectory) ? settings
            : throw new StartupException($"DataDirectory '{settings.DataDirectory}' does not exist; nothing is in quarantine");
    }

    private static string[] IdsOf(IReadOnlyList<RefusedPosting> postings) => [.. postings.Select(posting => posting.PostingId)];

    private async Task<int> PrintAsync<T>(ParseResult parsed, T value, IEnumerable<string> lines)
    {
        var output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(json)) await output.WriteLineAsync(JsonSerializer.Serialize(value, Json)).ConfigureAwait(false);
        else foreach (var line in lines) await output.WriteLineAsync(line).ConfigureAwait(false);
        return 0;
    }
}
