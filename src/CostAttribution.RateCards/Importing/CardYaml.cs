using System.Globalization;
using System.Text;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.RateCards.Importing;

/// <summary>Writes cards as rate card files (docs/rate-cards.md) that the loader reads back to the same cards.</summary>
public static class CardYaml
{
    /// <summary>A file is closed before it is this long, in characters, well below what the loader reads.</summary>
    private const int FileCharsMax = RateCardLoader.FileCharsMax * 3 / 4;

    private static readonly string[] WeekDays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

    /// <summary>Texts of as many files as are needed, cards ordered by id.</summary>
    /// <param name="recordedAtNanos">Whole seconds; when the figures were learnt.</param>
    public static IReadOnlyList<string> Write(IEnumerable<ImportedCard> cards, long recordedAtNanos)
    {
        var files = new List<string>();
        var text = new StringBuilder();
        var units = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var card in cards.OrderBy(card => card.Card.Id, StringComparer.Ordinal))
        {
            Card(text, card);
            units.UnionWith(UnitsOf(card.Card).Where(unit => !RateUnits.IsKnown(unit)));
            if (text.Length >= FileCharsMax) Close();
        }
        if (text.Length > 0) Close();
        return files;

        void Close()
        {
            var head = new StringBuilder(
                "# Written by 'rates import'. A later import corrects these cards by id; people use other files.\n");
            head.Append("format: 1\nrecorded_at: ").Append(Quoted(RateCardTime.ToText(recordedAtNanos))).Append('\n');
            if (units.Count > 0) head.Append("units: [").AppendJoin(", ", units).Append("]\n");
            files.Add(head.Append("cards:\n").Append(text).ToString());
            text.Clear();
            units.Clear();
        }
    }

    private static IEnumerable<string> UnitsOf(RateCard card) =>
        Units(card.Rates, card.Thresholds)
            .Concat(card.Tiers.Concat(card.Regions.SelectMany(region => region.Tiers))
                .SelectMany(tier => Units(tier.Rates, tier.Thresholds)))
            .Concat(card.Regions.SelectMany(region => Units(region.Rates, region.Thresholds)))
            .Concat(card.Windows.SelectMany(window => Units(window.Rates, window.Thresholds)))
            .Concat(card.Evidence.Disagreements.Select(other => other.Price.Unit));

    private static IEnumerable<string> Units(IReadOnlyList<UnitPrice> rates, IReadOnlyList<ContextThreshold> thresholds) =>
        rates.Concat(thresholds.SelectMany(threshold => threshold.Rates)).Select(rate => rate.Unit);

    private static void Card(StringBuilder text, ImportedCard imported)
    {
        var card = imported.Card;
        text.Append("  - id: ").Append(Quoted(card.Id)).Append('\n');
        text.Append("    providers: [").AppendJoin(", ", card.Providers.Select(Quoted)).Append("]\n");
        if (card.Seller.Length > 0) Field(text, "seller", card.Seller);
        if (card.Source.Length > 0) Field(text, "source", card.Source);
        if (card.Checked.Length > 0) Field(text, "checked", card.Checked);
        Rules(text, "match", card.Match);
        Rules(text, "except", card.Except);
        if (card.Order != 0)
            text.Append("    order: ").Append(card.Order.ToString(CultureInfo.InvariantCulture)).Append('\n');
        if (card.FromNanos != long.MinValue) Field(text, "from", RateCardTime.ToText(card.FromNanos));
        if (card.ToNanos != long.MaxValue) Field(text, "to", RateCardTime.ToText(card.ToNanos));
        if (card.Free) text.Append("    free: true\n");
        Rates(text, "    ", card.Rates);
        Thresholds(text, "    ", card.Thresholds);
        Tiers(text, "    ", card.Tiers);
        if (card.Regions.Count > 0) text.Append("    regions:\n");
        foreach (var region in card.Regions)
        {
            text.Append("      ").Append(Quoted(region.Region)).Append(":\n");
            Factor(text, "        ", region.Factor, region.Rates);
            Rates(text, "        ", region.Rates);
            Thresholds(text, "        ", region.Thresholds, region.Rates.Count > 0);
            Tiers(text, "        ", region.Tiers);
        }
        if (card.Windows.Count > 0) text.Append("    windows:\n");
        foreach (var window in card.Windows) Window(text, window);
        if (card.Fallbacks.Count > 0) text.Append("    same_price:\n");
        foreach (var fallback in card.Fallbacks)
            text.Append("      ").Append(fallback.Unit).Append(": ").Append(fallback.At).Append('\n');
        Evidence(text, card.Evidence);
        if (imported.Note.Length > 0) Field(text, "note", imported.Note);
    }

    private static void Evidence(StringBuilder text, RateEvidence evidence)
    {
        if (evidence.Catalogue.Length == 0) return;
        text.Append("    evidence:\n");
        if (evidence.FetchedAtNanos != 0)
            text.Append("      fetched_at: ").Append(RateCardTime.ToText(evidence.FetchedAtNanos)).Append('\n');
        text.Append("      catalogue: ").Append(Quoted(evidence.Catalogue)).Append('\n');
        if (evidence.Disagreements.Count > 0) text.Append("      disagreements:\n");
        foreach (var other in evidence.Disagreements)
        {
            text.Append("        - { source: ").Append(Quoted(other.Source)).Append(", unit: ").Append(other.Price.Unit)
                .Append(", price: ").Append(Quoted(ImportText.Price(other.Price)));
            if (other.FetchedAtNanos != 0) text.Append(", fetched_at: ").Append(RateCardTime.ToText(other.FetchedAtNanos));
            text.Append(" }\n");
        }
    }

    private static void Tiers(StringBuilder text, string indent, IReadOnlyList<TierPrice> tiers)
    {
        if (tiers.Count > 0) text.Append(indent).Append("tiers:\n");
        foreach (var tier in tiers)
        {
            text.Append(indent).Append("  ").Append(Quoted(tier.Tier)).Append(":\n");
            Factor(text, indent + "    ", tier.Factor, tier.Rates);
            Rates(text, indent + "    ", tier.Rates);
            Thresholds(text, indent + "    ", tier.Thresholds, tier.Rates.Count > 0);
        }
    }

    private static void Factor(StringBuilder text, string indent, Rational factor, IReadOnlyList<UnitPrice> rates)
    {
        if (factor != Rational.One || rates.Count == 0)
            text.Append(indent).Append("factor: ").Append(Quoted(Plain(factor))).Append('\n');
    }

    private static void Field(StringBuilder text, string name, string value) =>
        text.Append("    ").Append(name).Append(": ").Append(Quoted(value)).Append('\n');

    private static void Rules(StringBuilder text, string name, IReadOnlyList<ModelRule> rules)
    {
        if (rules.Count == 0) return;
        text.Append("    ").Append(name).Append(":\n");
        foreach (var rule in rules)
        {
            text.Append("      - ");
            if (rule.Kind == ModelRuleKind.Dated) text.Append(Quoted(rule.Pattern)).Append('\n');
            else text.Append("{ ").Append(KindOf(rule.Kind)).Append(": ").Append(Quoted(rule.Pattern)).Append(" }\n");
        }
    }

    private static string KindOf(ModelRuleKind kind) => kind switch
    {
        ModelRuleKind.Equals => "equals",
        ModelRuleKind.Prefix => "prefix",
        ModelRuleKind.Regex => "regex",
        _ => "glob",
    };

    private static void Rates(StringBuilder text, string indent, IReadOnlyList<UnitPrice> rates)
    {
        if (rates.Count == 0) return;
        text.Append(indent).Append("rates:\n");
        foreach (var rate in rates)
            text.Append(indent).Append("  ").Append(rate.Unit).Append(": ").Append(Plain(rate.Amount)).Append(" per ")
                .Append(ImportText.Quantity(rate.Per)).Append('\n');
    }

    /// <param name="replaces">Whether they are in place of the card's, so that there being none must be said.</param>
    private static void Thresholds(StringBuilder text, string indent, IReadOnlyList<ContextThreshold> thresholds,
        bool replaces = false)
    {
        if (thresholds.Count == 0)
        {
            if (replaces) text.Append(indent).Append("thresholds: []\n");
            return;
        }
        text.Append(indent).Append("thresholds:\n");
        foreach (var threshold in thresholds)
        {
            text.Append(indent).Append("  - above: ").Append(threshold.Above.ToString(CultureInfo.InvariantCulture)).Append('\n');
            if (threshold.Mode == ThresholdMode.Marginal) text.Append(indent).Append("    mode: marginal\n");
            Rates(text, indent + "    ", threshold.Rates);
        }
    }

    private static void Window(StringBuilder text, DailyWindow window)
    {
        text.Append("      - from: ").Append(Minute(window.FromMinute)).Append('\n');
        text.Append("        to: ").Append(Minute(window.ToMinute)).Append('\n');
        if (window.Days != DailyWindow.EveryDay)
        {
            text.Append("        days: [").AppendJoin(", ", WeekDays.Where((_, day) => (window.Days >> day & 1) == 1))
                .Append("]\n");
        }
        Factor(text, "        ", window.Factor, window.Rates);
        Rates(text, "        ", window.Rates);
        Thresholds(text, "        ", window.Thresholds, window.Rates.Count > 0);
    }

    private static string Minute(int minute) =>
        string.Create(CultureInfo.InvariantCulture, $"\"{minute / 60:D2}:{minute % 60:D2}\"");

    private static string Plain(Rational value) => ExactNumber.ToPlain(value)
        ?? throw new InvalidOperationException("a price without a plain decimal reached the writer");

    /// <summary>A double-quoted YAML scalar.</summary>
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
