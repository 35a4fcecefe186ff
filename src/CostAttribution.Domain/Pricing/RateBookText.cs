using System.Buffers;
using System.Globalization;
using System.IO.Hashing;
using System.Numerics;
using System.Text.Json;

namespace CostAttribution.Domain.Pricing;

/// <summary>
/// A rate book as JSON: everything that decides a price, in a fixed order, and nothing else (no sources, no file names). The
/// same prices give the same bytes on every node, and the bytes give the same prices again; a book's version is their hash.
/// </summary>
public static class RateBookText
{
    /// <summary>Changes when the text below changes meaning.</summary>
    private const int Format = 2;

    public static byte[] Write(RateBook book) => Write(book.Cards, book.FxRates);

    /// <summary>
    /// The book that <see cref="Write(RateBook)"/> wrote. Throws <see cref="InvalidDataException"/> when the bytes are not one.
    /// </summary>
    public static RateBook Read(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8);
            var root = document.RootElement;
            if (root.GetProperty("format").GetInt32() != Format)
                throw new InvalidDataException("the rate book was kept in a format this version does not read");
            return new RateBook([.. root.GetProperty("cards").EnumerateArray().Select(ReadCard)],
                [.. root.GetProperty("fx").EnumerateArray().Select(rate => new FxRate(Text(rate, "currency"),
                    rate.GetProperty("from").GetInt64(), Fraction(rate.GetProperty("usd"))))]);
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException
            or FormatException or ArgumentException)
        {
            throw new InvalidDataException("a kept rate book cannot be read", fault);
        }
    }

    /// <summary>63 bits of a hash of the text, never negative.</summary>
    internal static long VersionOf(IReadOnlyList<RateCard> cards, IReadOnlyList<FxRate> fxRates) =>
        (long)(XxHash64.HashToUInt64(Write(cards, fxRates)) & long.MaxValue);

    private static byte[] Write(IReadOnlyList<RateCard> cards, IReadOnlyList<FxRate> fxRates)
    {
        var bytes = new ArrayBufferWriter<byte>(1 << 16);
        using var json = new Utf8JsonWriter(bytes);
        json.WriteStartObject();
        json.WriteNumber("format", Format);
        json.WriteStartArray("cards");
        foreach (var card in cards.OrderBy(card => card.Id, StringComparer.Ordinal)) WriteCard(json, card);
        json.WriteEndArray();
        json.WriteStartArray("fx");
        foreach (var rate in fxRates.OrderBy(rate => rate.Currency, StringComparer.Ordinal).ThenBy(rate => rate.FromNanos))
        {
            json.WriteStartObject();
            json.WriteString("currency", rate.Currency);
            json.WriteNumber("from", rate.FromNanos);
            json.WriteString("usd", rate.Usd.ToString());
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return bytes.WrittenSpan.ToArray();
    }

    private static void WriteCard(Utf8JsonWriter json, RateCard card)
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
        json.WriteStartArray("providers");
        foreach (var provider in card.Providers) json.WriteStringValue(provider);
        json.WriteEndArray();
        WriteRules(json, "match", card.Match);
        WriteRules(json, "except", card.Except);
        WriteRates(json, card.Rates);
        WriteThresholds(json, card.Thresholds);
        WriteAll(json, "tiers", card.Tiers, static (json, tier) =>
        {
            json.WriteString("tier", tier.Tier);
            json.WriteString("factor", tier.Factor.ToString());
            WriteRates(json, tier.Rates);
            WriteThresholds(json, tier.Thresholds);
        });
        WriteAll(json, "regions", card.Regions, static (json, region) =>
        {
            json.WriteString("region", region.Region);
            json.WriteString("factor", region.Factor.ToString());
        });
        WriteAll(json, "windows", card.Windows, static (json, window) =>
        {
            json.WriteNumber("from", window.FromMinute);
            json.WriteNumber("to", window.ToMinute);
            json.WriteNumber("days", window.Days);
            json.WriteString("factor", window.Factor.ToString());
        });
        json.WriteEndObject();
    }

    private static void WriteRules(Utf8JsonWriter json, string name, IReadOnlyList<ModelRule> rules) =>
        WriteAll(json, name, rules, static (json, rule) => json.WriteString(rule.Kind.ToString(), rule.Pattern));

    private static void WriteRates(Utf8JsonWriter json, IReadOnlyList<UnitPrice> rates) =>
        WriteAll(json, "rates", [.. rates.OrderBy(rate => rate.Unit, StringComparer.Ordinal)],
            static (json, rate) => json.WriteString(rate.Unit, rate.Each.ToString()));

    private static void WriteThresholds(Utf8JsonWriter json, IReadOnlyList<ContextThreshold> thresholds) =>
        WriteAll(json, "thresholds", thresholds, static (json, threshold) =>
        {
            json.WriteNumber("above", threshold.Above);
            json.WriteNumber("mode", (int)threshold.Mode);
            WriteRates(json, threshold.Rates);
        });

    private static void WriteAll<T>(Utf8JsonWriter json, string name, IReadOnlyList<T> items, Action<Utf8JsonWriter, T> write)
    {
        json.WriteStartArray(name);
        foreach (var item in items)
        {
            json.WriteStartObject();
            write(json, item);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static RateCard ReadCard(JsonElement card) => new()
    {
        Id = Text(card, "id"),
        Seller = Text(card, "seller"),
        Layer = (RateLayer)card.GetProperty("layer").GetByte(),
        Currency = Text(card, "currency"),
        FromNanos = card.GetProperty("from").GetInt64(),
        ToNanos = card.GetProperty("to").GetInt64(),
        Free = card.GetProperty("free").GetBoolean(),
        ListFactor = Fraction(card.GetProperty("listFactor")),
        Providers = [.. card.GetProperty("providers").EnumerateArray().Select(provider => provider.GetString() ?? "")],
        Match = ReadRules(card, "match"),
        Except = ReadRules(card, "except"),
        Rates = ReadRates(card),
        Thresholds = ReadThresholds(card),
        Tiers = [.. card.GetProperty("tiers").EnumerateArray().Select(tier =>
            new TierPrice(Text(tier, "tier"), Fraction(tier.GetProperty("factor")), ReadRates(tier), ReadThresholds(tier)))],
        Regions = [.. card.GetProperty("regions").EnumerateArray().Select(region =>
            new RegionPrice(Text(region, "region"), Fraction(region.GetProperty("factor"))))],
        Windows = [.. card.GetProperty("windows").EnumerateArray().Select(window =>
            new DailyWindow(window.GetProperty("from").GetInt32(), window.GetProperty("to").GetInt32(),
                Fraction(window.GetProperty("factor")), window.GetProperty("days").GetByte()))],
    };

    private static ModelRule[] ReadRules(JsonElement card, string name) =>
        [.. card.GetProperty(name).EnumerateArray().Select(rule => rule.EnumerateObject().Single())
            .Select(rule => new ModelRule(Enum.Parse<ModelRuleKind>(rule.Name), rule.Value.GetString() ?? ""))];

    private static UnitPrice[] ReadRates(JsonElement from) =>
        [.. from.GetProperty("rates").EnumerateArray().Select(rate => rate.EnumerateObject().Single())
            .Select(rate => new UnitPrice(rate.Name, Fraction(rate.Value), 1))];

    private static ContextThreshold[] ReadThresholds(JsonElement from) =>
        [.. from.GetProperty("thresholds").EnumerateArray().Select(threshold =>
            new ContextThreshold(threshold.GetProperty("above").GetInt64(),
                (ThresholdMode)threshold.GetProperty("mode").GetByte(), ReadRates(threshold)))];

    private static Rational Fraction(JsonElement text)
    {
        var parts = (text.GetString() ?? "").Split('/');
        if (parts.Length != 2) throw new FormatException("not a fraction");
        return new Rational(BigInteger.Parse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture),
            BigInteger.Parse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture));
    }

    private static string Text(JsonElement from, string name) => from.GetProperty(name).GetString() ?? "";
}
