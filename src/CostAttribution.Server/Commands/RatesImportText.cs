using System.Globalization;
using CostAttribution.RateCards.Importing;

namespace CostAttribution.Server.Commands;

/// <summary>An import's plan for people.</summary>
internal static class RatesImportText
{
    private const int ShownMax = 20;

    public static IEnumerable<string> Lines(ImportPlan plan, IReadOnlyList<string> written, bool writes)
    {
        foreach (var file in plan.Files)
            yield return Text($"{ImportSources.NameOf(file.Source)} of {file.Day}: {file.Models} models, ")
                + Text($"{file.Lines} usable prices ({file.File})");
        foreach (var line in Table("new cards", plan.New, card =>
            [card.Card.Id, PriceOf(card), ImportSources.NameOf(card.Source)]))
            yield return line;
        foreach (var line in Table("changed prices",
            plan.Changed.SelectMany(change => change.Lines.Select(line => (change, line))).ToList(),
            changed => [changed.change.Id, changed.line.Line, $"{changed.line.Before} -> {changed.line.After}",
                changed.line.Percent]))
            yield return line;
        foreach (var line in Table("no longer in the files, left in force", plan.Removed, id => [id])) yield return line;
        foreach (var line in Table("disagreements, the first value is used", plan.Disagreements,
            said => [Name(said), said.Line, string.Join("; ", said.Values.Select(Value))]))
            yield return line;
        foreach (var (kind, title) in Kinds)
        {
            var found = plan.Findings.Of(kind).ToList();
            foreach (var line in Table(title, found, finding => [finding.ToString()], plan.Findings.CountOf(kind)))
                yield return line;
        }
        foreach (var line in Table("fields not understood", plan.Findings.UnknownFields.ToList(), unknown =>
            [$"{ImportSources.NameOf(unknown.Source)} {unknown.Field}", Text($"{unknown.Count} times"),
                $"first at {unknown.Example}"])) yield return line;
        foreach (var line in Table("not written, because the book would not be sound", plan.Faults, fault => [fault.ToString()]))
            yield return line;
        yield return Text($"{plan.New.Count} new cards, {plan.Changed.Count} changed, {plan.Unchanged} unchanged, ")
            + Text($"{plan.Covered} models priced by cards or sources believed before, {plan.Disagreements.Count} disagreements");
        yield return Outcome(plan, written, writes);
    }

    private static readonly (ImportFindingKind Kind, string Title)[] Kinds =
    [
        (ImportFindingKind.Refused, "refused"), (ImportFindingKind.NotExpressible, "not expressible as a rate card"),
        (ImportFindingKind.NoPrice, "no price (a zero is not 'free')"), (ImportFindingKind.Warning, "warnings"),
    ];

    private static string Outcome(ImportPlan plan, IReadOnlyList<string> written, bool writes)
    {
        if (plan.Faults.Count > 0) return "nothing was written";
        if (plan.Texts.Count == 0) return "nothing to write";
        return writes ? $"written: {string.Join(", ", written)}"
            : "dry run, nothing was written; --write DIRECTORY writes these cards";
    }

    private static string Value(SourceValue said) =>
        $"{said.Value} ({said.Origin}{(said.Day.Length > 0 ? $" of {said.Day}" : "")})";

    private static string Name(Disagreement said) =>
        $"{said.Provider}{(said.Seller.Length > 0 ? $"+{said.Seller}" : "")}/{said.Model}";

    private static string PriceOf(ImportedCard card) =>
        string.Join(", ", card.Card.Rates.Take(3).Select(rate => $"{rate.Unit} {ImportText.Price(rate)}"))
            + (card.Card.Rates.Count > 3 ? ", ..." : "");

    private static IEnumerable<string> Table<T>(string title, IReadOnlyList<T> all, Func<T, string[]> cells, int? count = null)
    {
        if (all.Count == 0) yield break;
        yield return Text($"{title}: {count ?? all.Count}");
        var rows = all.Take(ShownMax).Select(cells).ToList();
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows)
            yield return "  " + string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd();
        var left = (count ?? all.Count) - rows.Count;
        if (left > 0) yield return Text($"  and {left} more; --json lists them");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
