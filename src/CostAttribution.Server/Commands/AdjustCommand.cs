using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Text.Json;
using CostAttribution.ClickHouse.Adjustments;
using CostAttribution.Server.Settings;

namespace CostAttribution.Server.Commands;

/// <summary>
/// <c>adjust</c>: settles the period terms of the rate book in force. Opens the data directory itself; with <c>--server</c> a
/// running server does it.
/// </summary>
internal sealed class AdjustCommand : Command
{
    /// <summary>Exit code when it ended early, or a period was refused.</summary>
    private const int Incomplete = 3;

    private static readonly TimeSpan AskInterval = TimeSpan.FromMilliseconds(500);
    private static readonly HttpStatusCode[] Good = [HttpStatusCode.OK, HttpStatusCode.Accepted];

    private readonly Option<DateTimeOffset?> from =
        PriceVerb.TimeOption("--from", "periods that reach beyond it, for example 2026-01-01 (default: the oldest row)");

    private readonly Option<DateTimeOffset?> to =
        PriceVerb.TimeOption("--to", "periods that begin before it (default: all that have begun)");

    private readonly Option<string?> term = new("--term") { Description = "only this term", HelpName = "id" };
    private readonly Option<bool> open = new("--open")
    {
        Description = "settle periods that are not over, too, as they are now",
    };

    private readonly Option<bool> dryRun = new("--dry-run") { Description = "count only, post nothing" };
    private readonly Option<bool> json = new("--json") { Description = "print the report as JSON" };
    private readonly Option<Uri?> server = StoreVerb.Server("have the server that runs at this address do it");
    private readonly GivenSettings given;

    public AdjustCommand(GivenSettings given) : base("adjust", "settle volume tiers, allowances, minimum charges, commitments "
        + "and capacity of the rate book in force, and post what differs from what stands; exit code 0: done; "
        + $"{Incomplete}: something is left; 1: it could not run")
    {
        this.given = given;
        foreach (var option in (Option[])[from, to, term, open, dryRun, json, server]) Options.Add(option);
        SetAction((parsed, _) => RunAsync(parsed));
    }

    private Task<int> RunAsync(ParseResult parsed)
    {
        var request = new AdjustmentRequest
        {
            From = parsed.GetValue(from), To = parsed.GetValue(to), Term = parsed.GetValue(term), Open = parsed.GetValue(open),
            DryRun = parsed.GetValue(dryRun),
        };
        if (request.From >= request.To) throw new StartupException("--from must be before --to");
        if (parsed.GetValue(server) is { } url)
            return PriceVerb.ThereAsync(url, (api, stop) => WaitAsync(parsed, api, AddressOf(request), stop));
        return PriceVerb.HereAsync(given, "adjust", async (opened, stop) =>
        {
            var start = await opened.Adjuster.RunAsync(request, stop).ConfigureAwait(false);
            return await TellAsync(parsed, start.Report ?? throw new StartupException(
                start.Fault.Length > 0 ? start.Fault : "terms are being settled already")).ConfigureAwait(false);
        });
    }

    private async Task<int> WaitAsync(ParseResult parsed, RemoteApi api, string address, CancellationToken stop)
    {
        var report = await api.AskAsync(HttpMethod.Post, address, null, AdjustmentReport.FromJson, Good, stop)
            .ConfigureAwait(false);
        while (report.State == AdjustmentState.Running)
        {
            await Task.Delay(AskInterval, TimeProvider.System, stop).ConfigureAwait(false);
            report = await api.AskAsync(HttpMethod.Get, $"/api/v1/adjustments/runs/{report.Id}", null, AdjustmentReport.FromJson,
                Good, stop).ConfigureAwait(false);
        }
        return await TellAsync(parsed, report).ConfigureAwait(false);
    }

    private async Task<int> TellAsync(ParseResult parsed, AdjustmentReport report)
    {
        var output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(json)) await output.WriteLineAsync(report.ToJson(indented: true)).ConfigureAwait(false);
        else foreach (var line in Lines(report)) await output.WriteLineAsync(line).ConfigureAwait(false);
        return report is { State: AdjustmentState.Completed, PeriodsRefused: 0 } ? 0 : Incomplete;
    }

    /// <summary>The report for people.</summary>
    internal static IEnumerable<string> Lines(AdjustmentReport report)
    {
        foreach (var settlement in report.Settlements)
        {
            var state = JsonNamingPolicy.CamelCase.ConvertName(settlement.State.ToString());
            yield return settlement.State == SettlementState.Refused
                ? $"  {settlement.Term}  {settlement.Period}  refused: {settlement.Failure}"
                : string.Create(CultureInfo.InvariantCulture, $"  {settlement.Term}  {settlement.Period}  {settlement.Before} -> "
                    + $"{settlement.Settled}  ({settlement.Adjustment})  {settlement.Lines} lines, {state}");
        }
        if (report.PeriodsChanged + report.PeriodsRefused > report.Settlements.Count)
        {
            yield return string.Create(CultureInfo.InvariantCulture,
                $"  … and {report.PeriodsChanged + report.PeriodsRefused - report.Settlements.Count} more periods");
        }
        var verb = report.DryRun ? "would change" : "changed";
        yield return string.Create(CultureInfo.InvariantCulture, $"{report.Periods} periods settled, {report.PeriodsChanged} "
            + $"{verb} by {report.Difference} USD in {report.RowsPosted} rows");
        if (report.PeriodsPending > 0)
            yield return $"{report.PeriodsPending} periods are not over; --open settles their quantities as they are now";
        if (report.PeriodsRefused > 0)
            yield return $"{report.PeriodsRefused} periods could not be settled and stay as they stand";
        var end = JsonNamingPolicy.CamelCase.ConvertName(report.State.ToString());
        var why = report.Failure.Length > 0 ? $": {report.Failure}" : "";
        yield return $"{end}{why} ({report.Id}, rate book {report.RateBookVersion})";
    }

    private static string AddressOf(AdjustmentRequest request)
    {
        List<string> values = [$"dryRun={Text(request.DryRun)}", $"open={Text(request.Open)}"];
        Add("from", request.From?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture));
        Add("to", request.To?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture));
        Add("term", request.Term);
        return $"/api/v1/adjustments?{string.Join('&', values)}";

        static string Text(bool value) => value ? "true" : "false";

        void Add(string name, string? value)
        {
            if (value is not null) values.Add($"{name}={Uri.EscapeDataString(value)}");
        }
    }
}
