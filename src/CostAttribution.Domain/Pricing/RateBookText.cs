using System.Buffers;
using System.IO.Hashing;
using System.Text.Json;

namespace CostAttribution.Domain.Pricing;

/// <summary>
/// A rate book as JSON: everything that decides money, in a fixed order, and nothing else (no sources, no evidence, no file
/// names). The same prices give the same bytes on every node, and the bytes give the same prices again; a book's version is their
/// hash. What a book does not use is not written, and a book that uses nothing younger than format 2 is written as format 2, so
/// that the versions on rows that stand stay the versions of their books.
/// </summary>
public static class RateBookText
{
    /// <summary>The format of books that use only what it can say.</summary>
    private const int Oldest = 2;

    /// <summary>Adds to format 2: order, scopes, time zones, fallbacks, rates of conditions, units, terms, cost rules, reported
    /// costs.</summary>
    private const int Newest = 3;

    /// <summary>Says while a book is written whether it needs the newest format.</summary>
    internal sealed class Extensions
    {
        public bool Used { get; set; }
    }

    /// <summary>
    /// The bytes of a book, which <see cref="Read"/> turns into one of the same version.
    /// </summary>
    public static byte[] Write(RateBook book)
    {
        var extensions = new Extensions();
        var text = Write(book, Oldest, extensions);
        return extensions.Used ? Write(book, Newest, extensions) : text;
    }

    /// <summary>
    /// The book that <see cref="Write(RateBook)"/> wrote, in this format or an older one. Throws
    /// <see cref="InvalidDataException"/> when the bytes are not one.
    /// </summary>
    public static RateBook Read(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8);
            var root = document.RootElement;
            if (root.GetProperty("format").GetInt32() is not (Oldest or Newest))
                throw new InvalidDataException("the rate book was kept in a format this version does not read");
            var sources = new RateSources
            {
                Cards = [.. root.GetProperty("cards").EnumerateArray().Select(RateCardText.Read)],
                FxRates = [.. root.GetProperty("fx").EnumerateArray().Select(rate => new FxRate(JsonParts.Text(rate, "currency"),
                    rate.GetProperty("from").GetInt64(), JsonParts.Fraction(rate, "usd")))],
                Units = [.. JsonParts.Optional(root, "units").Select(unit => new DeclaredUnit(SettlementText.ReadUnit(unit)))],
                Terms = [.. JsonParts.Optional(root, "terms").Select(SettlementText.ReadTerm)],
                CostRules = [.. JsonParts.Optional(root, "costRules").Select(SettlementText.ReadRule)],
                ReportedCosts = [.. JsonParts.Optional(root, "reportedCosts").Select(SettlementText.ReadReported)],
            };
            if (sources.Cards.FirstOrDefault(card => ZoneClock.Find(card.TimeZone) is null) is { } card)
                throw new InvalidDataException($"time zone '{card.TimeZone}' is not known on this machine; install tzdata");
            return new RateBook(sources);
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException
            or FormatException or ArgumentException or NotSupportedException)
        {
            throw new InvalidDataException("a kept rate book cannot be read", fault);
        }
    }

    /// <summary>
    /// Keys of the attributes that the cost rules of a kept book read. Throws <see cref="InvalidDataException"/> when the bytes
    /// are no book.
    /// </summary>
    public static IReadOnlyList<string> RuleKeysOf(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8);
            return [.. JsonParts.Optional(document.RootElement, "costRules").Select(SettlementText.ReadRule)
                .SelectMany(CostRuleMatcher.KeysOf).Where(key => key.Length > 0).Distinct()];
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException
            or FormatException or ArgumentException)
        {
            throw new InvalidDataException("a kept rate book cannot be read", fault);
        }
    }

    /// <summary>63 bits of a hash of the text, never negative.</summary>
    internal static long VersionOf(RateBook book) => (long)(XxHash64.HashToUInt64(Write(book)) & long.MaxValue);

    private static byte[] Write(RateBook book, int format, Extensions extensions)
    {
        var bytes = new ArrayBufferWriter<byte>(1 << 16);
        using var json = new Utf8JsonWriter(bytes);
        json.WriteStartObject();
        json.WriteNumber("format", format);
        json.WriteStartArray("cards");
        foreach (var card in book.Cards.OrderBy(card => card.Id, StringComparer.Ordinal))
            RateCardText.Write(json, card, extensions);
        json.WriteEndArray();
        json.WriteStartArray("fx");
        foreach (var rate in book.FxRates.OrderBy(rate => rate.Currency, StringComparer.Ordinal).ThenBy(rate => rate.FromNanos))
        {
            json.WriteStartObject();
            json.WriteString("currency", rate.Currency);
            json.WriteNumber("from", rate.FromNanos);
            json.WriteString("usd", rate.Usd.ToString());
            json.WriteEndObject();
        }
        json.WriteEndArray();
        // A unit that its name alone describes is what an undescribed one is.
        JsonParts.WriteSome(json, "units", [.. book.Units.Where(unit => unit != RateUnits.Undescribed(unit.Name))
            .OrderBy(unit => unit.Name, StringComparer.Ordinal)], extensions, SettlementText.WriteUnit);
        JsonParts.WriteSome(json, "terms", [.. book.Terms.OrderBy(term => term.Id, StringComparer.Ordinal)], extensions,
            SettlementText.WriteTerm);
        JsonParts.WriteSome(json, "costRules", [.. book.CostRules.OrderBy(rule => rule.Name, StringComparer.Ordinal)], extensions,
            SettlementText.WriteRule);
        JsonParts.WriteSome(json, "reportedCosts", book.ReportedCosts.Rules, extensions, SettlementText.WriteReported);
        json.WriteEndObject();
        json.Flush();
        return bytes.WrittenSpan.ToArray();
    }
}
