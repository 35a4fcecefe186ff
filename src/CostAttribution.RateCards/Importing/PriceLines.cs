using System.Text.Json;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.RateCards.Importing;

/// <summary>Gathers the prices of one entry, and what was there but cannot be used.</summary>
internal sealed class PriceLines(ImportFile file, ImportFindings findings, string key, string tierOfAll = "")
{
    private const int DigitsLikeFloat = 15;

    private readonly List<ImportedPrice> found = [];
    private readonly List<ImportedPrice> lost = [];

    public IReadOnlyList<ImportedPrice> Found => found;
    public IReadOnlyList<ImportedPrice> Lost => lost;
    public int Count => found.Count + lost.Count;

    public long FromNanos { get; init; } = long.MinValue;
    public long ToNanos { get; init; } = long.MaxValue;

    public void Add(JsonElement value, string path, string unit, long per, string tier, long above, DailyWindow? window = null)
    {
        if (value.ValueKind == JsonValueKind.Null) return;
        var price = new ImportedPrice(unit, default, per, path)
        {
            Tier = tier.Length == 0 ? tierOfAll : tier, Above = above, Window = window, FromNanos = FromNanos, ToNanos = ToNanos,
        };
        if (value.ValueKind != JsonValueKind.Number)
        {
            Refuse(price, "a price must be a number");
            return;
        }
        var text = value.GetRawText();
        if (!ExactNumber.TryRead(text, out var amount, out var fault))
        {
            Refuse(price, fault == "negative" ? $"negative price: {text}" : $"'{text}' is no price: {fault}");
            return;
        }
        // A card holds the price of a million tokens as often as that of one.
        if (ExactNumber.ToPlain(amount) is null || ExactNumber.ToPlain(amount * new Rational(1_000_000, 1)) is null)
        {
            Refuse(price, $"'{text}' is no price: more digits than a card holds");
            return;
        }
        if (found.Find(other => other.Line == price.Line && other.Window == price.Window) is { } said)
        {
            if (said.Each == amount / per) return;
            // Readers of JSON differ in which of two they take.
            found.Remove(said);
            lost.Add(said);
            Refuse(price, $"{price.Line} is said twice with different prices (also {said.Path}); neither is used");
            return;
        }
        if (lost.Exists(other => other.Line == price.Line && other.Window == price.Window))
        {
            Refuse(price, $"{price.Line} is said twice and could not be read once; neither is used");
            return;
        }
        if (DigitsOf(text) > DigitsLikeFloat)
            findings.Add(ImportFindingKind.Warning, file, path,
                $"'{text}' looks like a rounding error of the source; used as it stands");
        found.Add(price with { Amount = amount });
    }

    /// <summary>Notes that something which decides prices could not be read.</summary>
    public void Lose(string path) => lost.Add(new ImportedPrice("", default, 1, path)
    {
        Window = new DailyWindow(0, 1, Rational.One), FromNanos = FromNanos, ToNanos = ToNanos,
    });

    private void Refuse(ImportedPrice price, string reason)
    {
        findings.Add(ImportFindingKind.Refused, file, price.Path.Length > 0 ? price.Path : key, reason);
        lost.Add(price);
    }

    private static int DigitsOf(string number)
    {
        var end = number.AsSpan().IndexOfAny('e', 'E');
        var digits = 0;
        foreach (var letter in end < 0 ? number : number[..end])
        {
            if (char.IsAsciiDigit(letter) && (digits > 0 || letter != '0')) digits++;
        }
        return digits;
    }
}
