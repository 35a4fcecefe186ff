using System.Text.Json;
using CostAttribution.Server.Settings;

namespace CostAttribution.Server.Commands;

/// <summary>The reports that can be asked from the command line, and how their answers read.</summary>
internal static class ReportCommands
{
    private static readonly ReportOption From = new("--from", "from",
        "first event time, for example 2026-01-01 or 2026-01-01T06:00:00Z (default: 30 days before --to)", "time");

    private static readonly ReportOption To = new("--to", "to", "end of the event times, not included (default: now)", "time");
    private static readonly ReportOption Limit = new("--limit", "limit", "rows at most", "count");

    /// <summary><c>unpriced</c>: usage without a price, and the cards that would price it.</summary>
    public static ReportCommand Unpriced(GivenSettings given) => new(given, "unpriced",
        "usage without a price: why, how much, what it costs at most, and the rate card lines that are missing", "unpriced",
        [From, To, Limit, Filter("provider"), Filter("seller"), Filter("model"), Filter("customer")], UnpricedText);

    private static IEnumerable<string> UnpricedText(JsonElement answer)
    {
        var rows = answer.GetProperty("rows").EnumerateArray().ToArray();
        if (rows.Length == 0)
        {
            yield return "nothing was used without a price";
            yield break;
        }
        var unbounded = Text(answer, "rowsWithoutBound");
        yield return $"{Text(answer, "calls")} calls without a price or a part of one, at most {Usd(answer, "atRiskCost")} "
            + "at risk" + (unbounded == "0" ? "" : $", and {unbounded} rows that no card says anything about");
        foreach (var line in TextTable.Lines(["provider", "model", "unit", "quantity", "calls", "at most", "basis", "reason",
            "first seen", "last seen"], [.. rows.Select(row => new[]
        {
            Text(row, "provider") + (Text(row, "seller").Length > 0 ? "+" + Text(row, "seller") : ""), Text(row, "model"),
            Text(row, "unit"), Text(row, "quantity"), Text(row, "calls"), Usd(row, "atRiskCost"), Text(row, "basis"),
            Text(row, "reason"), Text(row, "firstSeen"), Text(row, "lastSeen"),
        })])) yield return line;
        foreach (var line in rows.Select(row => row.GetProperty("fix"))
            .Where(fix => Text(fix, "at").Length > 0 && Text(fix, "line").Length > 0)
            .Select(fix => $"{Text(fix, "at")} ({Text(fix, "card")}): {Text(fix, "line")}").Distinct()) yield return line;
        if (rows.Any(row => Text(row, "reason") == "pricedSince"))
            yield return "pricedSince: the book in force has the price; 'reprice' moves these rows";
        if (answer.GetProperty("truncated").GetBoolean()) yield return "there is more: ask for a shorter range or a filter";
        var file = Text(answer, "cardFile");
        if (file.Length == 0) yield break;
        yield return "";
        foreach (var line in file.TrimEnd('\n').Split('\n')) yield return line;
    }

    /// <summary><c>reported-costs</c>: what providers report beside what we computed.</summary>
    public static ReportCommand ReportedCosts(GivenSettings given) => new(given, "reported-costs",
        "costs that providers and gateways report, beside ours, with the deviation", "reported-costs",
        [From, To, Limit, GroupBy("provider,seller,model,day"), Filter("provider"), Filter("seller"), Filter("model"),
            Filter("customer")], ReportedCostsText);

    /// <summary><c>flags</c>: how much of the cost rests on guesses.</summary>
    public static ReportCommand Flags(GivenSettings given) => new(given, "flags",
        "flags on ledger rows: how many rows and calls carry each, and what they cost", "flags",
        [From, To, Limit, GroupBy("no split"), Filter("flag"), Filter("provider"), Filter("model"), Filter("customer")],
        FlagsText);

    private static IEnumerable<string> ReportedCostsText(JsonElement answer)
    {
        var groups = Names(answer);
        var rows = answer.GetProperty("rows").EnumerateArray()
            .Select(row => (string[])[.. Group(row), .. Figures(row.GetProperty("figures"))]).ToList();
        if (rows.Count == 0) return ["no span reported a cost"];
        rows.Add([.. groups.Select((_, i) => i == 0 ? "total" : ""), .. Figures(answer.GetProperty("total"))]);
        return TextTable.Lines([.. groups, "calls", "compared", "ours", "theirs", "deviation", "%", "deviating", "taken",
            "not compared"], rows).Concat(More(answer));

        static string[] Figures(JsonElement figures) =>
        [
            Text(figures, "calls"), Text(figures, "comparedCalls"), Usd(figures, "ourCost"), Usd(figures, "theirCost"),
            Usd(figures, "deviationCost"), Text(figures, "deviationPercent"), Text(figures, "deviatingCalls"),
            Usd(figures, "takenCost"), Usd(figures, "uncomparedCost"),
        ];
    }

    private static IEnumerable<string> FlagsText(JsonElement answer)
    {
        var rows = answer.GetProperty("rows").EnumerateArray().ToArray();
        if (rows.Length == 0) return ["no row carries a flag"];
        var table = TextTable.Lines(["flag", .. Names(answer), "rows", "calls", "cost", "first seen", "last seen"],
            [.. rows.Select(row => (string[])[Text(row, "flag"), .. Group(row), Text(row, "rows"), Text(row, "calls"),
                Usd(row, "cost"), Text(row, "firstSeen"), Text(row, "lastSeen")])]);
        var meanings = rows.Select(row => $"{Text(row, "flag")}: {Text(row, "meaning")}").Distinct();
        return table.Append("").Concat(meanings).Concat(More(answer));
    }

    private static ReportOption GroupBy(string otherwise) => new("--group-by", "groupBy",
        $"what to split by, separated by commas (default: {otherwise})", "names");

    private static string[] Names(JsonElement answer) =>
        [.. answer.GetProperty("groupBy").EnumerateArray().Select(name => name.GetString() ?? "")];

    private static string[] Group(JsonElement row) =>
        [.. row.GetProperty("group").EnumerateObject().Select(value => value.Value.GetString() ?? "")];

    private static string[] More(JsonElement answer) => answer.GetProperty("truncated").GetBoolean()
        ? ["there is more: ask for a shorter range, a filter or a higher --limit"] : [];

    private static ReportOption Filter(string name) => new($"--{name}", name, $"only this {name}", name, Repeatable: true);

    private static string Usd(JsonElement owner, string name) =>
        owner.GetProperty(name).ValueKind == JsonValueKind.Null ? "unknown" : "$" + Text(owner, name);

    private static string Text(JsonElement owner, string name)
    {
        var value = owner.GetProperty(name);
        return value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : value.ToString();
    }
}
