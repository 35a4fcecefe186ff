using System.CommandLine;
using System.Text.Json;
using CostAttribution.Server.Settings;

namespace CostAttribution.Server.Commands;

/// <summary><c>rates show</c>: a rate card by id, or the one that prices a model.</summary>
internal static class RatesShow
{
    public static ReportCommand Command(GivenSettings given) => new(given, "show",
        "a rate card by its id with its versions, or the card that prices --model of --provider, as of one time and as known at "
        + "another",
        "rates/resolve",
        [
            Option("provider", "who sold the call", "name"), Option("seller", "reseller or gateway that bills it", "name"),
            Option("model", "model that answered", "name"), Option("tier", "service tier", "name"),
            Option("region", "region", "name"), Option("customer", "customer, for contracts", "name"),
            Option("at", "as of this time of a call (default: now)", "time"),
            new ReportOption("--known-at", "knownAt", "by what was known then (default: everything)", "time"),
        ],
        Text, new Argument<string?>("card")
        {
            Description = "id of a card, as ledger rows name it", Arity = ArgumentArity.ZeroOrOne,
            DefaultValueFactory = _ => null,
        }, "rates");

    private static IEnumerable<string> Text(JsonElement answer) => answer.TryGetProperty("history", out var history)
        ? OneCard(answer, history) : Resolved(answer);

    private static IEnumerable<string> Resolved(JsonElement answer)
    {
        var card = answer.GetProperty("card");
        if (card.ValueKind == JsonValueKind.Null) return [$"no card prices it: {Of(answer, "gap")}"];
        var prices = answer.GetProperty("prices").EnumerateArray().Select(price => (string[])
        [
            Of(price, "unit"), $"${Of(price, "cost")}", $"${Of(price, "listCost")}", $"per {Of(price, "per")}",
            price.GetProperty("fallback").GetBoolean() ? "another unit's price" : "",
        ]).ToArray();
        return TextTable.Lines(["unit", "cost", "at list", "", ""], prices).Append("").Concat(Card(card));
    }

    private static IEnumerable<string> OneCard(JsonElement answer, JsonElement history)
    {
        var card = answer.GetProperty("card");
        var lines = card.ValueKind == JsonValueKind.Null ? ["it does not stand"] : Card(card);
        var versions = history.EnumerateArray().Select(version =>
            $"learnt {Of(version, "recordedAt")}: " + (version.GetProperty("withdrawn").ValueKind == JsonValueKind.Null
                ? string.Join(", ", Pairs(version.GetProperty("card").GetProperty("rates")))
                : $"withdrawn {Of(version, "withdrawn")}"));
        return lines.Append("").Concat(versions);
    }

    private static IEnumerable<string> Card(JsonElement card)
    {
        yield return $"{Of(card, "id")} ({Of(card, "layer")}, {Of(card, "currency")}) {Of(card, "at")}";
        yield return $"  providers {string.Join(", ", Texts(card, "providers"))}"
            + (Of(card, "seller").Length > 0 ? $", sold by {Of(card, "seller")}" : "");
        yield return $"  models {string.Join(", ", Texts(card, "match"))}";
        yield return $"  in force {Or(card, "from", "always")} to {Or(card, "to", "further notice")}, "
            + $"learnt {Of(card, "recordedAt")}";
        if (card.GetProperty("free").GetBoolean()) yield return "  free";
        foreach (var rate in Pairs(card.GetProperty("rates"))) yield return $"  {rate}";
        foreach (var line in Thresholds(card, "  ")) yield return line;
        foreach (var condition in card.GetProperty("conditions").EnumerateArray())
        {
            yield return $"  {Of(condition, "kind")} {Of(condition, "name")}: factor {Of(condition, "factor")}";
            foreach (var rate in Pairs(condition.GetProperty("rates"))) yield return $"    {rate}";
            foreach (var line in Thresholds(condition, "    ")) yield return line;
        }
        if (Of(card, "source").Length > 0) yield return $"  source {Of(card, "source")}, checked {Of(card, "checked")}";
        foreach (var other in Texts(card, "disagreements")) yield return $"  but {other}";
    }

    private static IEnumerable<string> Thresholds(JsonElement owner, string indent) =>
        owner.GetProperty("thresholds").EnumerateArray().Select(threshold => $"{indent}above {Of(threshold, "above")} "
            + $"({Of(threshold, "mode")}): {string.Join(", ", Pairs(threshold.GetProperty("rates")))}");

    private static IEnumerable<string> Pairs(JsonElement map) =>
        map.EnumerateObject().Select(pair => $"{pair.Name} {pair.Value.GetString()}");

    private static IEnumerable<string> Texts(JsonElement owner, string name) =>
        owner.GetProperty(name).EnumerateArray().Select(text => text.GetString() ?? "");

    private static string Or(JsonElement owner, string name, string otherwise) =>
        owner.GetProperty(name).ValueKind == JsonValueKind.Null ? otherwise : Of(owner, name);

    private static string Of(JsonElement owner, string name)
    {
        var value = owner.GetProperty(name);
        return value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : value.ToString();
    }

    private static ReportOption Option(string name, string help, string helpName) => new($"--{name}", name, help, helpName);
}
