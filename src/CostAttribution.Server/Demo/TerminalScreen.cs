using Spectre.Console;
using Spectre.Console.Rendering;

namespace CostAttribution.Server.Demo;

/// <summary>The live picture on a terminal: a progress line and two tables.</summary>
internal static class TerminalScreen
{
    private const int BarCells = 40;

    public static Rows Paint(DemoStatus status)
    {
        var rows = new List<IRenderable>
        {
            new Markup("[bold yellow]simulated data[/] [grey]made-up customers, real pipeline: OTLP in, ledger in ClickHouse[/]"),
            new Markup(ProgressLine(status)),
            Customers(status.Figures),
            Workflows(status.Figures),
        };
        if (status.Trouble.Length > 0) rows.Add(new Markup($"[red]{Markup.Escape(status.Trouble)}[/]"));
        return new Rows(rows);
    }

    private static string ProgressLine(DemoStatus status)
    {
        var full = status.SentPerMille * BarCells / 1000;
        var retries = status.Retries == 0 ? "" : $", {DisplayText.Grouped(status.Retries)} sends repeated";
        return $"{Markup.Escape(status.Phase)} [green]{new string('━', full)}[/][grey]{new string('━', BarCells - full)}[/] "
            + $"{DisplayText.Grouped(status.SentSpans)} of {DisplayText.Grouped(status.WantedSpans)} spans{retries}";
    }

    private static Table Customers(CostFigures figures)
    {
        var table = new Table().Border(TableBorder.Rounded).Title("cost per customer");
        table.AddColumn("customer");
        table.AddColumn("plan");
        foreach (var heading in (string[])["calls", "failed", "in", "out", "cached", "cost", "retries", "share", "unpriced"])
        {
            table.AddColumn(new TableColumn(heading).RightAligned().NoWrap());
        }
        var total = figures.TotalCost;
        foreach (var row in figures.Customers)
        {
            table.AddRow(
                row.Customer.Length == 0 ? "[yellow](unattributed)[/]" : Markup.Escape(row.Customer),
                Markup.Escape(row.Plan),
                DisplayText.Grouped(row.Calls),
                row.FailedCalls == 0 ? "" : DisplayText.Grouped(row.FailedCalls),
                DisplayText.Tokens(row.InputTokens),
                DisplayText.Tokens(row.OutputTokens),
                DisplayText.Tokens(row.CachedTokens),
                $"[bold]{DisplayText.Dollars(row.Cost)}[/]",
                row.RetryCost.IsZero ? "" : DisplayText.Dollars(row.RetryCost),
                DisplayText.Share(row.Cost.PicoUsd, total.PicoUsd),
                row.UnpricedCalls == 0 ? "" : $"[yellow]{DisplayText.Grouped(row.UnpricedCalls)}[/]");
        }
        return table.Caption(Markup.Escape(Caption(figures)));
    }

    private static Table Workflows(CostFigures figures)
    {
        var table = new Table().Border(TableBorder.Rounded).Title("cost per workflow");
        table.AddColumn("workflow");
        foreach (var heading in (string[])["runs", "completed", "failed", "cost", "per run", "retries"])
        {
            table.AddColumn(new TableColumn(heading).RightAligned().NoWrap());
        }
        foreach (var row in figures.Workflows)
        {
            table.AddRow(
                row.Workflow.Length == 0 ? "[yellow](none)[/]" : Markup.Escape(row.Workflow),
                DisplayText.Grouped(row.Runs),
                DisplayText.Grouped(row.Completed),
                row.Failed == 0 ? "" : $"[red]{DisplayText.Grouped(row.Failed)}[/]",
                $"[bold]{DisplayText.Dollars(row.Cost)}[/]",
                DisplayText.Dollars(row.CostPerRun),
                row.RetryCost.IsZero ? "" : DisplayText.Dollars(row.RetryCost));
        }
        return table;
    }

    /// <summary>The sum, and what is missing from it.</summary>
    internal static string Caption(CostFigures figures)
    {
        var unattributed = figures.Customers.FirstOrDefault(row => row.Customer.Length == 0)?.Cost ?? default;
        return $"total {DisplayText.Dollars(figures.TotalCost)}, of it unattributed {DisplayText.Dollars(unattributed)}; "
            + $"{DisplayText.Grouped(figures.Customers.Sum(row => row.UnpricedCalls))} calls without a price, "
            + $"{DisplayText.Grouped(figures.Customers.Sum(row => row.NoUsageCalls))} without usage are not in it";
    }
}
