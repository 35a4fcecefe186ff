using System.Text.Json;

namespace CostAttribution.Domain.Pricing;

/// <summary>A rate card as part of a kept book's text.</summary>
internal static class RateCardText
{
    public static void Write(Utf8JsonWriter json, RateCard card, RateBookText.Extensions extensions)
    {
        json.WriteStartObject();
        json.WriteString("id", card.Id);
        json.WriteString("seller", card.Seller);
        json.WriteNumber("layer", (int)card.Layer);
        json.WriteString("currency", card.Currency);
        json.WriteNumber("from", card.FromNanos);
        json.WriteNumber("to", card.ToNanos);
        json.WriteBoolean("free", card.Free);
        json.WriteString("listFactor", card.ListFactor.ToString());
        JsonParts.WriteTexts(json, "providers", card.Providers);
        JsonParts.WriteRules(json, "match", card.Match);
        JsonParts.WriteRules(json, "except", card.Except);
        extensions.Used |= card.Match.Concat(card.Except).Any(rule => rule.Kind > ModelRuleKind.Equals);
        WriteRates(json, card.Rates);
        WriteThresholds(json, "thresholds", card.Thresholds);
        JsonParts.WriteAll(json, "tiers", card.Tiers, WriteTier);
        JsonParts.WriteAll(json, "regions", card.Regions, (json, region) =>
        {
            json.WriteString("region", region.Region);
            json.WriteString("factor", region.Factor.ToString());
            WriteOwn(json, region.Rates, region.Thresholds, extensions);
            JsonParts.WriteSome(json, "tiers", region.Tiers, extensions, WriteTier);
        });
        JsonParts.WriteAll(json, "windows", card.Windows, (json, window) =>
        {
            json.WriteNumber("from", window.FromMinute);
            json.WriteNumber("to", window.ToMinute);
            json.WriteNumber("days", window.Days);
            json.WriteString("factor", window.Factor.ToString());
            WriteOwn(json, window.Rates, window.Thresholds, extensions);
        });
        WriteConditions(json, "geographies", card.Geographies, extensions);
        WriteConditions(json, "endpoints", card.Endpoints, extensions);
        WriteConditions(json, "requestFlags", card.RequestFlags, extensions);
        JsonParts.WriteSome(json, "timeZone", card.TimeZone, extensions);
        JsonParts.WriteSome(json, "fallbacks", card.Fallbacks, extensions, static (json, fallback) =>
        {
            json.WriteString("unit", fallback.Unit);
            json.WriteString("policy", fallback.Policy.ToString());
            json.WriteString("at", fallback.At);
        });
        if (card.Scope is not null)
        {
            extensions.Used = true;
            JsonParts.WriteScope(json, card.Scope);
        }
        if (card.Order != 0)
        {
            extensions.Used = true;
            json.WriteNumber("order", card.Order);
        }
        json.WriteEndObject();
    }

    public static RateCard Read(JsonElement card) => new()
    {
        Id = JsonParts.Text(card, "id"),
        Seller = JsonParts.Text(card, "seller"),
        Layer = (RateLayer)card.GetProperty("layer").GetByte(),
        Currency = JsonParts.Text(card, "currency"),
        FromNanos = card.GetProperty("from").GetInt64(),
        ToNanos = card.GetProperty("to").GetInt64(),
        Free = card.GetProperty("free").GetBoolean(),
        ListFactor = JsonParts.Fraction(card, "listFactor"),
        Providers = JsonParts.Texts(card, "providers"),
        Match = JsonParts.ReadRules(card, "match"),
        Except = JsonParts.ReadRules(card, "except"),
        Rates = ReadRates(card),
        Thresholds = ReadThresholds(card),
        Tiers = ReadTiers(card),
        Regions = [.. card.GetProperty("regions").EnumerateArray().Select(region =>
            new RegionPrice(JsonParts.Text(region, "region"), JsonParts.Fraction(region, "factor"))
            {
                Rates = ReadRates(region), Thresholds = ReadThresholds(region), Tiers = ReadTiers(region),
            })],
        Windows = [.. card.GetProperty("windows").EnumerateArray().Select(window =>
            new DailyWindow(window.GetProperty("from").GetInt32(), window.GetProperty("to").GetInt32(),
                JsonParts.Fraction(window, "factor"), window.GetProperty("days").GetByte())
            {
                Rates = ReadRates(window), Thresholds = ReadThresholds(window),
            })],
        Geographies = ReadConditions(card, "geographies"),
        Endpoints = ReadConditions(card, "endpoints"),
        RequestFlags = ReadConditions(card, "requestFlags"),
        TimeZone = JsonParts.TextOr(card, "timeZone"),
        Fallbacks = [.. JsonParts.Optional(card, "fallbacks").Select(fallback => new UnitFallback(
            JsonParts.Text(fallback, "unit"), JsonParts.Named<FallbackPolicy>(fallback, "policy"),
            JsonParts.Text(fallback, "at")))],
        Scope = JsonParts.ReadScope(card),
        Order = card.TryGetProperty("order", out var order) ? order.GetInt32() : 0,
    };

    public static UnitPrice[] ReadRates(JsonElement owner) =>
        [.. JsonParts.Optional(owner, "rates").Select(rate => rate.EnumerateObject().Single())
            .Select(rate => new UnitPrice(rate.Name, JsonParts.Fraction(rate.Value.GetString() ?? ""), 1))];

    private static void WriteRates(Utf8JsonWriter json, IReadOnlyList<UnitPrice> rates) =>
        JsonParts.WriteAll(json, "rates", [.. rates.OrderBy(rate => rate.Unit, StringComparer.Ordinal)],
            static (json, rate) => json.WriteString(rate.Unit, rate.Each.ToString()));

    private static void WriteThresholds(Utf8JsonWriter json, string name, IReadOnlyList<ContextThreshold> thresholds) =>
        JsonParts.WriteAll(json, name, thresholds, static (json, threshold) =>
        {
            json.WriteNumber("above", threshold.Above);
            json.WriteNumber("mode", (int)threshold.Mode);
            WriteRates(json, threshold.Rates);
        });

    private static void WriteTier(Utf8JsonWriter json, TierPrice tier)
    {
        json.WriteString("tier", tier.Tier);
        json.WriteString("factor", tier.Factor.ToString());
        WriteRates(json, tier.Rates);
        WriteThresholds(json, "thresholds", tier.Thresholds);
    }

    private static void WriteConditions(Utf8JsonWriter json, string name, IReadOnlyList<ConditionPrice> conditions,
        RateBookText.Extensions extensions) =>
        JsonParts.WriteSome(json, name, conditions, extensions, (json, condition) =>
        {
            json.WriteString("name", condition.Name);
            json.WriteString("factor", condition.Factor.ToString());
            WriteOwn(json, condition.Rates, condition.Thresholds, extensions);
        });

    /// <summary>Rates of a condition that has only a factor in format 2.</summary>
    private static void WriteOwn(Utf8JsonWriter json, IReadOnlyList<UnitPrice> rates, IReadOnlyList<ContextThreshold> thresholds,
        RateBookText.Extensions extensions)
    {
        if (rates.Count == 0) return;
        extensions.Used = true;
        WriteRates(json, rates);
        WriteThresholds(json, "thresholds", thresholds);
    }

    private static ContextThreshold[] ReadThresholds(JsonElement owner) =>
        [.. JsonParts.Optional(owner, "thresholds").Select(threshold => new ContextThreshold(
            threshold.GetProperty("above").GetInt64(), (ThresholdMode)threshold.GetProperty("mode").GetByte(),
            ReadRates(threshold)))];

    private static TierPrice[] ReadTiers(JsonElement owner) =>
        [.. JsonParts.Optional(owner, "tiers").Select(tier => new TierPrice(JsonParts.Text(tier, "tier"),
            JsonParts.Fraction(tier, "factor"), ReadRates(tier), ReadThresholds(tier)))];

    private static ConditionPrice[] ReadConditions(JsonElement card, string name) =>
        [.. JsonParts.Optional(card, name).Select(condition =>
            new ConditionPrice(JsonParts.Text(condition, "name"), JsonParts.Fraction(condition, "factor"))
            {
                Rates = ReadRates(condition), Thresholds = ReadThresholds(condition),
            })];
}
