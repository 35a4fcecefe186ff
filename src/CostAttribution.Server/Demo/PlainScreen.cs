using System.Globalization;

namespace CostAttribution.Server.Demo;

/// <summary>The same figures as plain lines, for logs and pipes.</summary>
internal static class PlainScreen
{
    public static string Progress(DemoStatus status)
    {
        var trouble = status.Trouble.Length == 0 ? "" : $"; {status.Trouble}";
        var retries = status.Retries == 0 ? "" : $", {DisplayText.Grouped(status.Retries)} sends repeated";
        return string.Create(CultureInfo.InvariantCulture,
            $"{status.Phase}: {DisplayText.Grouped(status.SentSpans)} of {DisplayText.Grouped(status.WantedSpans)} spans"
            + $"{retries}, cost so far {DisplayText.Dollars(status.Figures.TotalCost)}{trouble}");
    }

    public static IEnumerable<string> Tables(CostFigures figures)
    {
        var total = figures.TotalCost;
        yield return "cost per customer (simulated data)";
        yield return Line("customer", "plan", "calls", "failed", "in", "out", "cached", "cost", "retries", "share", "unpriced");
        foreach (var row in figures.Customers)
        {
            yield return Line(row.Customer.Length == 0 ? "(unattributed)" : row.Customer, row.Plan,
                DisplayText.Grouped(row.Calls), DisplayText.Grouped(row.FailedCalls), DisplayText.Tokens(row.InputTokens),
                DisplayText.Tokens(row.OutputTokens), DisplayText.Tokens(row.CachedTokens), DisplayText.Dollars(row.Cost),
                DisplayText.Dollars(row.RetryCost), DisplayText.Share(row.Cost.PicoUsd, total.PicoUsd),
                DisplayText.Grouped(row.UnpricedCalls));
        }
        yield return "  " + TerminalScreen.Caption(figures);
        yield return "cost per workflow (simulated data)";
        yield return $"  {"workflow",-20}{"runs",9}{"completed",11}{"failed",8}{"cost",14}{"per run",12}{"retries",12}";
        foreach (var row in figures.Workflows)
        {
            yield return $"  {(row.Workflow.Length == 0 ? "(none)" : row.Workflow),-20}{DisplayText.Grouped(row.Runs),9}"
                + $"{DisplayText.Grouped(row.Completed),11}{DisplayText.Grouped(row.Failed),8}{DisplayText.Dollars(row.Cost),14}"
                + $"{DisplayText.Dollars(row.CostPerRun),12}{DisplayText.Dollars(row.RetryCost),12}";
        }
    }

    private static string Line(string customer, string plan, string calls, string failed, string input, string output,
        string cached, string cost, string retries, string share, string unpriced) =>
        $"  {customer,-20}{plan,-12}{calls,8}{failed,8}{input,9}{output,9}{cached,9}{cost,14}{retries,11}{share,9}{unpriced,10}";
}
