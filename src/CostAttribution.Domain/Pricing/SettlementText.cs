using System.Text.Json;

namespace CostAttribution.Domain.Pricing;

/// <summary>Declared units, period terms and cost rules as parts of a kept book's text.</summary>
internal static class SettlementText
{
    public static void WriteUnit(Utf8JsonWriter json, RateUnit unit)
    {
        json.WriteString("name", unit.Name);
        json.WriteString("family", unit.Family.ToString());
        json.WriteString("direction", unit.Direction.ToString());
        json.WriteString("modality", unit.Modality.ToString());
        json.WriteString("kind", unit.Kind.ToString());
        json.WriteString("cache", unit.Cache.ToString());
        json.WriteNumber("ttl", unit.CacheTtlSeconds);
        json.WriteString("step", unit.Step);
        json.WriteString("parent", unit.Parent);
        json.WriteString("policy", unit.Policy.ToString());
        json.WriteBoolean("input", unit.InInputTotal);
        json.WriteBoolean("factors", unit.TakesFactors);
    }

    public static RateUnit ReadUnit(JsonElement unit) =>
        new(JsonParts.Text(unit, "name"), JsonParts.Named<UnitFamily>(unit, "family"))
        {
            Direction = JsonParts.Named<UnitDirection>(unit, "direction"),
            Modality = JsonParts.Named<UnitModality>(unit, "modality"),
            Kind = JsonParts.Named<TokenKind>(unit, "kind"),
            Cache = JsonParts.Named<CacheAction>(unit, "cache"),
            CacheTtlSeconds = unit.GetProperty("ttl").GetInt32(),
            Step = JsonParts.Text(unit, "step"),
            Parent = JsonParts.Text(unit, "parent"),
            Policy = JsonParts.Named<FallbackPolicy>(unit, "policy"),
            InInputTotal = unit.GetProperty("input").GetBoolean(),
            TakesFactors = unit.GetProperty("factors").GetBoolean(),
        };

    public static void WriteTerm(Utf8JsonWriter json, PeriodTerm term)
    {
        json.WriteString("id", term.Id);
        json.WriteString("kind", term.Kind.ToString());
        JsonParts.WriteTexts(json, "providers", term.Providers);
        json.WriteString("seller", term.Seller);
        JsonParts.WriteRules(json, "match", term.Match);
        if (term.Scope is not null) JsonParts.WriteScope(json, term.Scope);
        json.WriteString("currency", term.Currency);
        json.WriteNumber("from", term.FromNanos);
        json.WriteNumber("to", term.ToNanos);
        json.WriteString("period", term.Period.ToString());
        json.WriteString("unit", term.Unit);
        json.WriteBoolean("wholePeriod", term.WholePeriod);
        json.WriteNumber("quantity", term.Quantity);
        json.WriteString("amount", term.Amount.ToString());
        json.WriteString("card", term.Card);
        JsonParts.WriteAll(json, "tiers", term.Tiers, static (json, tier) =>
        {
            json.WriteNumber("above", tier.Above);
            json.WriteString("factor", tier.Factor.ToString());
            if (tier.Price is { } price) json.WriteString("price", price.Each.ToString());
        });
    }

    public static PeriodTerm ReadTerm(JsonElement term) => new()
    {
        Id = JsonParts.Text(term, "id"),
        Kind = JsonParts.Named<PeriodTermKind>(term, "kind"),
        Providers = JsonParts.Texts(term, "providers"),
        Seller = JsonParts.Text(term, "seller"),
        Match = JsonParts.ReadRules(term, "match"),
        Scope = JsonParts.ReadScope(term),
        Currency = JsonParts.Text(term, "currency"),
        FromNanos = term.GetProperty("from").GetInt64(),
        ToNanos = term.GetProperty("to").GetInt64(),
        Period = JsonParts.Named<TermPeriod>(term, "period"),
        Unit = JsonParts.Text(term, "unit"),
        WholePeriod = term.GetProperty("wholePeriod").GetBoolean(),
        Quantity = term.GetProperty("quantity").GetInt64(),
        Amount = JsonParts.Fraction(term, "amount"),
        Card = JsonParts.Text(term, "card"),
        Tiers = [.. term.GetProperty("tiers").EnumerateArray().Select(tier => new VolumeTier(
            tier.GetProperty("above").GetInt64(), JsonParts.Fraction(tier, "factor"),
            tier.TryGetProperty("price", out var price)
                ? new UnitPrice(JsonParts.Text(term, "unit"), JsonParts.Fraction(price.GetString() ?? ""), 1) : null))],
    };

    public static void WriteRule(Utf8JsonWriter json, CostRule rule)
    {
        json.WriteString("name", rule.Name);
        if (rule.Scope is not null) WriteMatch(json, "scope", rule.Scope);
        if (rule.SpanName is not null) WriteMatch(json, "spanName", rule.SpanName);
        JsonParts.WriteAll(json, "attributes", rule.Attributes, static (json, attribute) =>
        {
            json.WriteString("key", attribute.Key);
            WriteMatch(json, "match", attribute.Match);
        });
        json.WriteString("unit", rule.Unit);
        json.WriteString("source", rule.Quantity.Source.ToString());
        json.WriteString("attribute", rule.Quantity.Attribute);
        json.WriteString("times", rule.Quantity.Times.ToString());
        json.WriteString("timesAttribute", rule.Quantity.TimesAttribute);
        json.WriteBoolean("roundUp", rule.Quantity.RoundUp);
        json.WriteString("provider", rule.Provider);
        json.WriteString("model", rule.Model);
    }

    public static CostRule ReadRule(JsonElement rule) => new()
    {
        Name = JsonParts.Text(rule, "name"),
        Scope = ReadMatch(rule, "scope"),
        SpanName = ReadMatch(rule, "spanName"),
        Attributes = [.. rule.GetProperty("attributes").EnumerateArray().Select(attribute =>
            new AttributeMatch(JsonParts.Text(attribute, "key"), ReadMatch(attribute, "match")
                ?? throw new FormatException("an attribute without a match")))],
        Unit = JsonParts.Text(rule, "unit"),
        Quantity = new RuleQuantity(JsonParts.Named<QuantitySource>(rule, "source"), JsonParts.Text(rule, "attribute"),
            JsonParts.Fraction(rule, "times"), JsonParts.Text(rule, "timesAttribute"), rule.GetProperty("roundUp").GetBoolean()),
        Provider = JsonParts.Text(rule, "provider"),
        Model = JsonParts.Text(rule, "model"),
    };

    public static void WriteReported(Utf8JsonWriter json, ReportedCostRule rule)
    {
        json.WriteString("id", rule.Id);
        JsonParts.WriteTexts(json, "providers", rule.Providers);
        json.WriteString("seller", rule.Seller);
        json.WriteString("take", rule.Take.ToString());
        json.WriteString("alertAbove", rule.AlertAbove.ToString());
        json.WriteNumber("from", rule.FromNanos);
        json.WriteNumber("to", rule.ToNanos);
    }

    public static ReportedCostRule ReadReported(JsonElement rule) => new()
    {
        Id = JsonParts.Text(rule, "id"),
        Providers = JsonParts.Texts(rule, "providers"),
        Seller = JsonParts.Text(rule, "seller"),
        Take = JsonParts.Named<ReportedCostUse>(rule, "take"),
        AlertAbove = JsonParts.Fraction(rule, "alertAbove"),
        FromNanos = rule.GetProperty("from").GetInt64(),
        ToNanos = rule.GetProperty("to").GetInt64(),
    };

    private static void WriteMatch(Utf8JsonWriter json, string name, TextMatch match)
    {
        json.WriteStartObject(name);
        JsonParts.WriteTexts(json, match.Kind.ToString(), match.Values);
        json.WriteEndObject();
    }

    private static TextMatch? ReadMatch(JsonElement owner, string name)
    {
        if (!owner.TryGetProperty(name, out var match)) return null;
        var only = match.EnumerateObject().Single();
        return new TextMatch(Enum.Parse<TextMatchKind>(only.Name), JsonParts.Texts(match, only.Name));
    }
}
