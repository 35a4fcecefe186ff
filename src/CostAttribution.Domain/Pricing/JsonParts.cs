using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace CostAttribution.Domain.Pricing;

/// <summary>The parts that all kept texts about prices are made of.</summary>
internal static class JsonParts
{
    public static void WriteAll<T>(Utf8JsonWriter json, string name, IReadOnlyList<T> list, Action<Utf8JsonWriter, T> write)
    {
        json.WriteStartArray(name);
        foreach (var element in list)
        {
            json.WriteStartObject();
            write(json, element);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>Writes a list that format 2 does not have, unless it is empty.</summary>
    public static void WriteSome<T>(Utf8JsonWriter json, string name, IReadOnlyList<T> list, RateBookText.Extensions extensions,
        Action<Utf8JsonWriter, T> write)
    {
        if (list.Count == 0) return;
        extensions.Used = true;
        WriteAll(json, name, list, write);
    }

    /// <summary>Writes a text that format 2 does not have, unless it is empty.</summary>
    public static void WriteSome(Utf8JsonWriter json, string name, string text, RateBookText.Extensions extensions)
    {
        if (text.Length == 0) return;
        extensions.Used = true;
        json.WriteString(name, text);
    }

    public static void WriteTexts(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }

    public static void WriteRules(Utf8JsonWriter json, string name, IReadOnlyList<ModelRule> rules) =>
        WriteAll(json, name, rules, static (json, rule) => json.WriteString(rule.Kind.ToString(), rule.Pattern));

    public static void WriteScope(Utf8JsonWriter json, ContractScope scope)
    {
        json.WriteStartObject("scope");
        foreach (var (name, values) in Named(scope))
        {
            if (values.Count > 0) WriteTexts(json, name, [.. values.Order(StringComparer.Ordinal)]);
        }
        json.WriteEndObject();
    }

    public static ContractScope? ReadScope(JsonElement owner) => owner.TryGetProperty("scope", out var scope)
        ? new ContractScope
        {
            Accounts = Texts(scope, "accounts"), Projects = Texts(scope, "projects"), Keys = Texts(scope, "keys"),
            Customers = Texts(scope, "customers"),
        }
        : null;

    public static ModelRule[] ReadRules(JsonElement owner, string name) =>
        [.. Optional(owner, name).Select(rule => rule.EnumerateObject().Single())
            .Select(rule => new ModelRule(Enum.Parse<ModelRuleKind>(rule.Name), rule.Value.GetString() ?? ""))];

    /// <summary>Elements of a list; none when it was not written.</summary>
    public static IEnumerable<JsonElement> Optional(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out var list) ? list.EnumerateArray() : [];

    public static string[] Texts(JsonElement owner, string name) =>
        [.. Optional(owner, name).Select(text => text.GetString() ?? "")];

    public static string Text(JsonElement owner, string name) => owner.GetProperty(name).GetString() ?? "";

    public static string TextOr(JsonElement owner, string name, string otherwise = "") =>
        owner.TryGetProperty(name, out var text) ? text.GetString() ?? "" : otherwise;

    public static T Named<T>(JsonElement owner, string name)
        where T : struct, Enum => Enum.Parse<T>(Text(owner, name));

    public static Rational Fraction(JsonElement owner, string name) => Fraction(Text(owner, name));

    public static Rational Fraction(string text)
    {
        var parts = text.Split('/');
        if (parts.Length != 2) throw new FormatException("not a fraction");
        return new Rational(BigInteger.Parse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture),
            BigInteger.Parse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture));
    }

    private static IEnumerable<(string Name, IReadOnlyList<string> Values)> Named(ContractScope scope) =>
        [("accounts", scope.Accounts), ("projects", scope.Projects), ("keys", scope.Keys), ("customers", scope.Customers)];
}
