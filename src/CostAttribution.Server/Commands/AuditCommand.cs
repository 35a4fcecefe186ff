using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using CostAttribution.ClickHouse.Auditing;
using CostAttribution.Server.Hosting;
using CostAttribution.Server.Settings;

namespace CostAttribution.Server.Commands;

/// <summary>
/// <c>audit</c>: checks that the ledger, its rollups, runs and facts agree, and corrects by appended rows what does not. Opens
/// the data directory itself, without ports; with <c>--server</c> a running server does it.
/// </summary>
internal sealed class AuditCommand : Command
{
    /// <summary>
    /// Exit code when findings are left or wait, or a check could not be made; 0 is clean, 1 a fault of the command.
    /// </summary>
    public const int Unclean = StoreVerb.Left;

    private readonly Option<DateTimeOffset?> from = Time("--from", "first event time, for example 2026-01-01 or "
        + "2026-01-01T06:00:00Z; the hour it lies in is the first (default: the oldest row)");

    private readonly Option<DateTimeOffset?> to = Time("--to", "end of the event times, not included; the hour before it is the "
        + "last (default: the newest row)");

    private readonly Option<bool> dryRun = new("--dry-run") { Description = "report only, change nothing" };
    private readonly Option<bool> json = new("--json") { Description = "print the report as JSON" };

    private readonly Option<Uri?> server = StoreVerb.Server("have the server that runs at this address audit its store");

    private readonly GivenSettings given;

    public AuditCommand(GivenSettings given)
        : base("audit", "check that ledger, rollups, runs and facts agree, and correct by appended rows what does not; "
            + $"exit code 0: nothing wrong, or all of it repaired; {Unclean}: something is left or waits; 1: it could not run")
    {
        this.given = given;
        foreach (var option in (Option[])[from, to, dryRun, json, server]) Options.Add(option);
        SetAction((parsed, _) => RunAsync(parsed));
    }

    private async Task<int> RunAsync(ParseResult parsed)
    {
        var request = new AuditRequest(AuditTrigger.Command, parsed.GetValue(from), parsed.GetValue(to), null,
            parsed.GetValue(dryRun));
        if (request is { From: { } first, To: { } end } && first >= end) throw new StartupException("--from must be before --to");
        using var stop = new CancellationTokenSource();
        if (parsed.GetValue(server) is not { } url) return await HereAsync(parsed, request, stop).ConfigureAwait(false);
        if (await OnServerAsync(url, request, stop).ConfigureAwait(false) is not { } report) return 1;
        return await TellAsync(parsed, report).ConfigureAwait(false);
    }

    // Returns the exit code.
    private async Task<int> TellAsync(ParseResult parsed, AuditReport report)
    {
        var output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(json)) await output.WriteLineAsync(report.ToJson(indented: true)).ConfigureAwait(false);
        else foreach (var line in AuditText.Lines(report)) await output.WriteLineAsync(line).ConfigureAwait(false);
        return report.IsClean ? 0 : Unclean;
    }

    private static async Task<AuditReport?> OnServerAsync(Uri url, AuditRequest request, CancellationTokenSource stop)
    {
        using var deadline = new StopDeadline(TimeProvider.System, StoreVerb.StopMax);
        using var signals = StopSignals.Into(stop, deadline);
        using var audit = new RemoteAudit(url, TimeProvider.System);
        try
        {
            return await audit.RunAsync(request, stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task<int> HereAsync(ParseResult parsed, AuditRequest request, CancellationTokenSource stop)
    {
        var configuration = given.ReadConfiguration();
        var settings = ServerSettings.From(configuration, demo: false);
        if (settings.Store.Mode == StoreMode.Embedded && !Directory.Exists(settings.DataDirectory))
            throw new StartupException($"DataDirectory '{settings.DataDirectory}' does not exist; there is nothing to audit");
        using var deadline = new StopDeadline(TimeProvider.System, settings.Shutdown.Timeout);
        using var signals = StopSignals.Into(stop, deadline);
        var opened = await StoreVerb.OpenAsync("audit", configuration, settings, deadline, stop.Token)
            .ConfigureAwait(false);
        if (opened is null) return 1;
        await using (opened.ConfigureAwait(false))
        {
            // Told before anything is closed, which may take longer than there is time.
            var report = await StoreVerb.WhileRunningAsync(opened, ended => opened.Auditor.RunAsync(request, ended), stop.Token)
                .ConfigureAwait(false);
            var code = await TellAsync(parsed, report).ConfigureAwait(false);
            if (opened.ExitCode == 0) opened.ExitCode = code;
            return opened.ExitCode;
        }
    }

    private static Option<DateTimeOffset?> Time(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "time",
        CustomParser = result => DateTimeOffset.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time : Refuse<DateTimeOffset?>(result, $"{name} needs a time such as 2026-01-01T06:00:00Z"),
    };

    private static T? Refuse<T>(ArgumentResult result, string fault)
    {
        result.AddError(fault);
        return default;
    }
}
