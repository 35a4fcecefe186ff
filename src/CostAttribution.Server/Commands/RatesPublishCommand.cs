using System.CommandLine;
using System.Net;
using System.Text.Json;
using CostAttribution.ClickHouse.Rates;
using CostAttribution.Server.Settings;

namespace CostAttribution.Server.Commands;

/// <summary>
/// <c>rates publish</c>: puts rate card files into the store and their book in force. Opens the data directory itself; with
/// <c>--server</c> a running server does it.
/// </summary>
internal sealed class RatesPublishCommand : Command
{
    /// <summary>Exit code when the files are refused; the book in force stays.</summary>
    public const int Refused = 3;

    private const int ChangesShown = 20;

    private readonly Argument<string[]> paths = new("files")
    {
        Description = "rate card files, or directories of them", Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<bool> dryRun = new("--dry-run") { Description = "check and report only" };
    private readonly Option<bool> json = new("--json") { Description = "print the report as JSON" };
    private readonly Option<Uri?> server = StoreVerb.Server("have the server that runs at this address publish them");
    private readonly GivenSettings given;

    public RatesPublishCommand(GivenSettings given) : base("publish", "check rate cards together with all that are in force, "
        + $"keep them in the store and use them from then on; exit code 0: done; {Refused}: refused, nothing was changed; 1: "
        + "it could not run")
    {
        this.given = given;
        Arguments.Add(paths);
        foreach (var option in (Option[])[dryRun, json, server]) Options.Add(option);
        SetAction((parsed, _) => RunAsync(parsed));
    }

    private async Task<int> RunAsync(ParseResult parsed)
    {
        var files = RateFileArguments.Read(parsed.GetValue(paths) ?? []);
        var isDry = parsed.GetValue(dryRun);
        if (parsed.GetValue(server) is { } url)
        {
            return await PriceVerb.ThereAsync(url, async (api, stop) =>
            {
                var body = JsonSerializer.Serialize(new { files }, JsonSerializerOptions.Web);
                var told = await api.AskAsync(HttpMethod.Post, $"/api/v1/rates/publish?dryRun={(isDry ? "true" : "false")}", body,
                    RatePublication.FromJson, [HttpStatusCode.OK, HttpStatusCode.UnprocessableEntity], stop)
                    .ConfigureAwait(false);
                return await TellAsync(parsed, told).ConfigureAwait(false);
            }).ConfigureAwait(false);
        }
        return await PriceVerb.HereAsync(given, "rates publish", async (opened, stop) =>
            await TellAsync(parsed, await opened.Rates.PublishAsync(files, isDry, stop).ConfigureAwait(false))
                .ConfigureAwait(false)).ConfigureAwait(false);
    }

    private async Task<int> TellAsync(ParseResult parsed, RatePublication told)
    {
        var output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(json)) await output.WriteLineAsync(told.ToJson(indented: true)).ConfigureAwait(false);
        else foreach (var line in Lines(told)) await output.WriteLineAsync(line).ConfigureAwait(false);
        return told.Faults.Count == 0 ? 0 : Refused;
    }

    /// <summary>The report for people.</summary>
    internal static IEnumerable<string> Lines(RatePublication told)
    {
        if (told.Faults.Count > 0)
        {
            foreach (var fault in told.Faults) yield return $"{fault.File}:{fault.Line}: {fault.Reason}";
            yield return $"refused; rate book {told.RateBookVersion} stays in force";
            yield break;
        }
        foreach (var line in Changes("added", told.Added).Concat(Changes("changed", told.Changed))
            .Concat(Changes("removed", told.Removed))) yield return line;
        yield return told.RateBookVersion == told.PreviousVersion ? $"rate book {told.RateBookVersion}: no price changes"
            : $"rate book {told.PreviousVersion} -> {told.RateBookVersion}: {told.CardsTouched} cards differ";
        foreach (var key in told.ReadAfterRestart)
            yield return $"attribute '{key}' is not read before the server's next start: until then rules do not find it "
                + "on spans";
        if (told.DryRun) yield return "dry run: nothing was changed";
        else yield return "in force for what is costed from now on; 'reprice' moves what stands";
        if (told.Repricing.Length > 0) yield return $"what it would change: /api/v1/repricings/{told.Repricing}";
    }

    private static IEnumerable<string> Changes(string what, IReadOnlyList<string> cards)
    {
        foreach (var card in cards.Take(ChangesShown)) yield return $"  {what,-8} {card}";
        if (cards.Count > ChangesShown) yield return $"  {what,-8} … and more";
    }
}
