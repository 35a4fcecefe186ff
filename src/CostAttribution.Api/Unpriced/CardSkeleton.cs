using System.Globalization;
using System.Text;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.Api.Unpriced;

/// <summary>A rate card without its prices, as a rate card file has it (docs/rate-cards.md).</summary>
/// <param name="FromNanos">Where a gap between cards begins; <see cref="long.MinValue"/> when there is nothing before.</param>
/// <param name="ToNanos">Where it ends; <see cref="long.MaxValue"/> when there is nothing after.</param>
internal sealed record CardSkeleton(string Provider, string Seller, string Model, long FromNanos, long ToNanos)
{
    /// <summary>Stands for a figure that only the operator knows; no file with it in is read.</summary>
    public const string Price = "PRICE";

    private const int IdCharsMax = 128;

    public string Id
    {
        get
        {
            var seller = Seller.Length > 0 ? "+" + Seller : "";
            var since = FromNanos == long.MinValue ? "" : "@" + RateCardTime.ToText(FromNanos);
            var model = Model.ToLowerInvariant();
            var room = Math.Max(0, IdCharsMax - $"own/{Provider}{seller}/{since}".Length);
            return $"own/{Provider}{seller}/{(model.Length > room ? model[..room] : model)}{since}";
        }
    }

    /// <summary>Whether there is enough to select calls by.</summary>
    public bool IsPossible => Provider.Length > 0 && Model.Length is > 0 and <= ModelRule.PatternMax && !Model.Contains('*');

    /// <summary>The line of one unit.</summary>
    public static string LineOf(string unit) => $"{unit}: {Price} per {(IsToken(unit) ? "1M" : "1")}";

    /// <summary>One entry of <c>cards</c>.</summary>
    public string Yaml(IEnumerable<string> units)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"  - id: {Quoted(Id)}\n");
        text.Append(CultureInfo.InvariantCulture, $"    provider: {Quoted(Provider)}\n");
        if (Seller.Length > 0) text.Append(CultureInfo.InvariantCulture, $"    seller: {Quoted(Seller)}\n");
        text.Append(CultureInfo.InvariantCulture, $"    match:\n      - {{ equals: {Quoted(Model)} }}\n");
        if (FromNanos != long.MinValue)
            text.Append(CultureInfo.InvariantCulture, $"    from: {Quoted(RateCardTime.ToText(FromNanos))}\n");
        if (ToNanos != long.MaxValue)
            text.Append(CultureInfo.InvariantCulture, $"    to: {Quoted(RateCardTime.ToText(ToNanos))}\n");
        text.Append("    rates:\n");
        foreach (var unit in units) text.Append(CultureInfo.InvariantCulture, $"      {LineOf(unit)}\n");
        return text.ToString();
    }

    /// <summary>A whole file of such entries.</summary>
    public static string File(IReadOnlyCollection<string> cards, IEnumerable<string> units)
    {
        if (cards.Count == 0) return "";
        var own = units.Where(unit => !RateUnits.IsKnown(unit)).Distinct().Order(StringComparer.Ordinal).ToArray();
        var head = $"# Write the price for every {Price} and publish this file with 'rates publish', "
            + "or put it into the directory\n# of RateCards:Directory. 'reprice' then moves what stands.\nformat: 1\n";
        if (own.Length > 0) head += $"units: [{string.Join(", ", own)}]\n";
        return head + "cards:\n" + string.Concat(cards);
    }

    private static bool IsToken(string unit) =>
        (RateUnits.Find(unit) ?? RateUnits.Undescribed(unit)).Family == UnitFamily.Token;

    // Model names come from spans: anything may be in them.
    private static string Quoted(string value)
    {
        var text = new StringBuilder("\"", value.Length + 2);
        foreach (var letter in value)
        {
            if (letter is '"' or '\\') text.Append('\\').Append(letter);
            else if (char.IsControl(letter) || char.IsSurrogate(letter) || letter is '\u2028' or '\u2029' or '\uFEFF')
                text.Append(CultureInfo.InvariantCulture, $"\\u{(int)letter:X4}");
            else text.Append(letter);
        }
        return text.Append('"').ToString();
    }
}
