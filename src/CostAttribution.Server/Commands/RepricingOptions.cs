using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Text.Json;
using CostAttribution.ClickHouse.Repricing;
using CostAttribution.Server.Settings;

namespace CostAttribution.Server.Commands;

/// <summary>What <c>reprice</c> and <c>what-if</c> share: whose calls are meant, and how the result is told.</summary>
internal sealed class RepricingOptions
{
    /// <summary>Exit code when it ended early, or traces were left.</summary>
    public const int Incomplete = 3;

    private const int GroupsShown = 40;
    private static readonly TimeSpan AskInterval = TimeSpan.FromMilliseconds(500);
    private static readonly HttpStatusCode[] Good = [HttpStatusCode.OK, HttpStatusCode.Accepted];

    private readonly Option<string?> provider = new("--provider") { Description = "only calls of this provider" };
    private readonly Option<string?> model = new("--model") { Description = "only calls of this model" };
    private readonly Option<string?> customer = new("--customer")
    {
        Description = "only this customer's; '' for what has none",
    };

    private readonly Option<bool> json = new("--json") { Description = "print the report as JSON" };

    private readonly Option<long?> book = new("--book")
    {
        Description = "version of a rate book that was once in force (default: the one that is)", HelpName = "version",
    };

    public Option<DateTimeOffset?> From { get; } =
        PriceVerb.TimeOption("--from", "first event time, for example 2026-01-01 (default: the oldest row)");

    public Option<DateTimeOffset?> To { get; } =
        PriceVerb.TimeOption("--to", "end of the event times, not included (default: all rows)");

    public Option<Uri?> Server { get; } = StoreVerb.Server("have the server that runs at this address do it");

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[From, To, provider, model, customer, book, json, Server]) command.Options.Add(option);
    }

    /// <summary>Throws <see cref="StartupException"/> when the range is empty.</summary>
    public RepricingRequest Read(ParseResult parsed, RepricingKind kind)
    {
        var request = new RepricingRequest
        {
            Kind = kind, From = parsed.GetValue(From), To = parsed.GetValue(To), Provider = parsed.GetValue(provider),
            Model = parsed.GetValue(model), Customer = parsed.GetValue(customer), RateBookVersion = parsed.GetValue(book),
        };
        return request.From >= request.To ? throw new StartupException("--from must be before --to") : request;
    }

    /// <summary>Starts on a server and waits for the end.</summary>
    public async Task<int> WaitAsync(ParseResult parsed, RemoteApi api, string address, string? body, CancellationToken stop)
    {
        var report = await api.AskAsync(HttpMethod.Post, address, body, RepricingReport.FromJson, Good, stop)
            .ConfigureAwait(false);
        while (report.State == RepricingState.Running)
        {
            await Task.Delay(AskInterval, TimeProvider.System, stop).ConfigureAwait(false);
            report = await api.AskAsync(HttpMethod.Get, $"/api/v1/repricings/{report.Id}", null, RepricingReport.FromJson, Good,
                stop).ConfigureAwait(false);
        }
        return await TellAsync(parsed, report).ConfigureAwait(false);
    }

    /// <summary>Tells the result, or throws <see cref="StartupException"/> when it did not begin.</summary>
    public Task<int> TellAsync(ParseResult parsed, RepricingStart start) => start.Report is { } report ? TellAsync(parsed, report)
        : throw new StartupException(start.Faults.Count == 0 ? ["another re-pricing is under way"]
            : [.. start.Faults.Select(fault => fault.File.Length == 0 ? fault.Reason
                : $"{fault.File}:{fault.Line}: {fault.Reason}")]);

    private async Task<int> TellAsync(ParseResult parsed, RepricingReport report)
    {
        var output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(json)) await output.WriteLineAsync(report.ToJson(indented: true)).ConfigureAwait(false);
        else foreach (var line in Lines(report)) await output.WriteLineAsync(line).ConfigureAwait(false);
        return report is { State: RepricingState.Completed, TracesOpen: 0, TracesLeft: 0, TracesElsewhere: 0, RowsUnreadable: 0 }
            ? 0 : Incomplete;
    }

    /// <summary>The report for people.</summary>
    internal static IEnumerable<string> Lines(RepricingReport report)
    {
        foreach (var group in report.Groups.Take(GroupsShown))
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"  {group.Day,-10}  {Shown(group.Customer)}  "
                + $"{group.Provider}/{group.Model}  {group.Calls} calls  {group.Before} -> {group.After}  ({group.Difference})");
        }
        if (report.Groups.Count > GroupsShown)
            yield return $"  … and {report.Groups.Count - GroupsShown} more groups; --json tells all";
        foreach (var gap in report.Unpriced)
        {
            var what = gap.Unit.Length == 0 ? "no card" : $"no price for {gap.Unit}";
            yield return string.Create(CultureInfo.InvariantCulture,
                $"  unpriced: {gap.Provider}/{gap.Model}, {what}: {gap.Calls} calls, {gap.Quantity} units");
        }
        var verb = report.Kind == RepricingKind.Apply ? "corrected" : "differ";
        yield return string.Create(CultureInfo.InvariantCulture, $"{report.Rows} rows looked at, {report.RowsChanged} {verb}: "
            + $"{report.CostBefore} -> {report.CostAfter} USD ({report.Difference})");
        if (report.TracesOpen > 0) yield return $"{report.TracesOpen} traces are still open and are corrected when they settle";
        if (report.TracesLeft > 0) yield return $"{report.TracesLeft} traces have no readable facts and keep their price";
        if (report.TracesElsewhere > 0) yield return $"{report.TracesElsewhere} traces are held by other nodes; ask those too";
        if (report.RowsUnreadable > 0) yield return $"{report.RowsUnreadable} rows are of a newer program and keep their price";
        var end = JsonNamingPolicy.CamelCase.ConvertName(report.State.ToString());
        var why = report.Failure.Length > 0 ? $": {report.Failure}" : "";
        yield return $"{end}{why} ({report.Id}, rate book {report.RateBookVersion})";
    }

    private static string Shown(string customer) => customer.Length == 0 ? "(no customer)" : customer;
}
