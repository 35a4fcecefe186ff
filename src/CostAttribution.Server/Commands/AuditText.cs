using System.Globalization;
using CostAttribution.ClickHouse.Auditing;

namespace CostAttribution.Server.Commands;

/// <summary>An audit's report for people.</summary>
internal static class AuditText
{
    private const int FindingsShownMax = 20;

    public static IEnumerable<string> Lines(AuditReport report)
    {
        var took = (report.EndedAt ?? report.StartedAt) - report.StartedAt;
        yield return Text($"audit {report.Id}{(report.DryRun ? ", report only" : "")}: {report.Rows} ledger rows in ")
            + Text($"{report.Hours} hours{Range(report)}, {took.TotalSeconds:0.0} s");
        foreach (var check in report.Checks)
        {
            yield return $"  {Verdict(check),-40} {check.Name}: {check.Asserts}";
            foreach (var finding in check.Findings.Take(FindingsShownMax))
            {
                var why = finding.Why.Length > 0 ? $" ({finding.Why})" : "";
                yield return $"    {Word(finding.Outcome)} {finding.Subject}: {finding.Kind}; {finding.Detail}{why}";
            }
            if (check.Elsewhere > 0) yield return Text($"    {check.Elsewhere} traces are other nodes' to look at");
            var unlisted = check.Found - Math.Min(check.Findings.Count, FindingsShownMax);
            if (unlisted > 0) yield return Text($"    and {unlisted} more; --json lists up to 100 of each check");
        }
        yield return Outcome(report);
    }

    private static string Outcome(AuditReport report) => report switch
    {
        { State: AuditState.Failed } => $"the audit did not finish: {report.Failure}",
        { Found: 0 } => "nothing found",
        { DryRun: true } => Text($"{report.Found} found; nothing was changed"),
        { IsClean: true } => Text($"{report.Found} found, all repaired by appended rows"),
        _ => Text($"{report.Found} found, {report.Repaired} repaired, {report.Deferred} wait for the next audit, ")
            + Text($"{report.Left} left for you"),
    };

    private static string Verdict(AuditCheckReport check)
    {
        if (check.Failure.Length > 0) return $"not made ({check.Failure})";
        if (check.Found == 0) return "ok";
        (string Word, long Count)[] parts =
        [
            ("found", check.Found), ("repaired", check.Repaired), ("deferred", check.Deferred), ("left", check.Left),
        ];
        return string.Join(", ", parts.Where(part => part.Count > 0).Select(part => Text($"{part.Count} {part.Word}")));
    }

    private static string Word(AuditOutcome outcome) => outcome switch
    {
        AuditOutcome.Repaired => "repaired",
        AuditOutcome.Repairable => "would repair",
        AuditOutcome.Deferred => "deferred",
        _ => "left",
    };

    private static string Range(AuditReport report)
    {
        if (report.From is not { } from || report.To is not { } to) return "";
        var since = report.PostedSince is { } posted ? Text($", posted since {posted:yyyy-MM-ddTHH:mm:ssZ}") : "";
        return Text($" from {from:yyyy-MM-ddTHH:mmZ} to {to:yyyy-MM-ddTHH:mmZ}{since}");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
