using CostAttribution.Domain.Pricing;
using YamlDotNet.RepresentationModel;

namespace CostAttribution.RateCards;

/// <summary>Reads what is settled per period, and what spans that are no model calls cost.</summary>
internal sealed class SettlementReader(string file, List<RateCardFault> faults, RateCardFileReader cards, RateCard defaults,
    Dictionary<string, RateUnit> units)
{
    /// <summary>Provider of the cards that rules with a price of their own bring along.</summary>
    public const string RuleProvider = "cost_rule";

    private const int NameMax = 64;
    private const int TextMax = 256;

    private static readonly string[] TermFields =
    [
        "id", "kind", "provider", "providers", "seller", "match", "scope", "currency", "from", "to", "recorded_at", "period",
        "unit", "tiers", "mode", "quantity", "amount", "card", "source", "note",
    ];

    private static readonly string[] RuleFields =
        ["name", "when", "unit", "quantity", "provider", "model", "price", "currency", "from", "to", "recorded_at", "note"];

    public PeriodTerm? Term(YamlFields fields)
    {
        fields.Allow("a term", TermFields);
        var id = fields.Required("id", "a term");
        if (id is null || fields.Required("kind", "a term") is null) return null;
        var kind = fields.Choice("kind", default(PeriodTermKind));
        if (kind == default) return null;
        var prices = new PriceReader(fields, file, faults, units);
        var unit = fields.Text("unit") ?? "";
        var known = unit.Length > 0 ? prices.Unit(fields, fields.Node("unit")!, unit) : null;
        var providers = RateCardFileReader.Providers(fields);
        return new PeriodTerm
        {
            Id = id,
            Kind = kind,
            Line = fields.Line,
            File = file,
            Providers = providers.Count > 0 ? providers : defaults.Providers,
            Seller = fields.Text("seller")?.ToLowerInvariant() ?? defaults.Seller,
            Match = ModelRuleReader.Read(fields, "match"),
            Scope = cards.Scope(fields) ?? defaults.Scope,
            Currency = RateCardFileReader.Currency(fields) ?? defaults.Currency,
            FromNanos = fields.Instant("from") ?? long.MinValue,
            ToNanos = fields.Instant("to") ?? long.MaxValue,
            RecordedAtNanos = fields.Instant("recorded_at") ?? defaults.RecordedAtNanos,
            Period = fields.Choice("period", kind == PeriodTermKind.Capacity ? TermPeriod.Hour : TermPeriod.Month),
            Unit = unit,
            Tiers = known is null ? [] : Tiers(fields, known),
            WholePeriod = Mode(fields),
            Quantity = fields.Whole("quantity", long.MaxValue) ?? 0,
            Amount = fields.Decimal("amount") ?? default,
            Card = fields.Text("card") ?? "",
            Source = fields.Text("source") ?? defaults.Source,
        };
    }

    private static bool Mode(YamlFields fields)
    {
        var mode = fields.Text("mode");
        if (mode is not (null or "graduated" or "whole"))
            fields.Fault(fields.Node("mode")!, RateCardFaultKind.BadValue, "'mode' of a term must be graduated or whole");
        return mode == "whole";
    }

    private List<VolumeTier> Tiers(YamlFields term, RateUnit unit)
    {
        var tiers = new List<VolumeTier>();
        foreach (var node in term.List("tiers"))
        {
            if (YamlFields.From(node, "a tier of a term", file, faults) is not { } fields) continue;
            fields.Allow("a tier of a term", "above", "factor", "price");
            fields.Required("above", "a tier of a term");
            if (fields.Node("factor") is null == fields.Node("price") is null)
            {
                fields.Fault(fields.Line, RateCardFaultKind.MissingField, "a tier of a term needs 'factor' or 'price', not both");
                continue;
            }
            UnitPrice? price = null;
            if (fields.Text("price") is { } text) price = PriceText.Read(fields, fields.Node("price")!, unit, text);
            if (fields.Whole("above", long.MaxValue) is { } above)
                tiers.Add(new VolumeTier(above, fields.Decimal("factor") ?? Rational.One, price));
        }
        return tiers;
    }

    /// <param name="fields">The rule.</param>
    /// <param name="read">Takes the card of a rule that states its own price.</param>
    public CostRule? Rule(YamlFields fields, List<RateCard> read)
    {
        fields.Allow("a cost rule", RuleFields);
        if (fields.Required("name", "a cost rule") is not { } name || !IsName(fields, name)) return null;
        var prices = new PriceReader(fields, file, faults, units);
        if (fields.Required("unit", "a cost rule") is not { } unit
            || prices.Unit(fields, fields.Node("unit")!, unit) is not { } known)
            return null;
        var recordedAt = fields.Instant("recorded_at") ?? defaults.RecordedAtNanos;
        var provider = fields.Text("provider")?.ToLowerInvariant() ?? RuleProvider;
        var model = fields.Text("model")?.ToLowerInvariant() ?? name;
        if (fields.Node("price") is null == fields.Node("model") is null)
        {
            fields.Fault(fields.Line, RateCardFaultKind.MissingField,
                $"cost rule '{name}' needs a 'price', or a 'model' (and 'provider') whose card has one");
            return null;
        }
        if (fields.Text("price") is { } text)
        {
            if (PriceText.Read(fields, fields.Node("price")!, known, text) is not { } price) return null;
            provider = RuleProvider;
            read.Add(new RateCard
            {
                Id = $"rule/{name}", Providers = [RuleProvider], Match = [new ModelRule(ModelRuleKind.Equals, name)],
                Currency = RateCardFileReader.Currency(fields) ?? defaults.Currency, Rates = [price],
                FromNanos = fields.Instant("from") ?? long.MinValue, ToNanos = fields.Instant("to") ?? long.MaxValue,
                RecordedAtNanos = recordedAt, Source = defaults.Source, Checked = defaults.Checked, Evidence = defaults.Evidence,
                File = file, Line = fields.Line,
            });
        }
        var quantity = Quantity(fields, name);
        return quantity is null ? null : When(fields, new CostRule
        {
            Name = name, Unit = unit, Quantity = quantity, Provider = provider, Model = model, RecordedAtNanos = recordedAt,
            File = file, Line = fields.Line,
        });
    }

    private static bool IsName(YamlFields fields, string name)
    {
        if (name.Length <= NameMax && name.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter)
            || letter is '_' or '-' or '.')) return true;
        fields.Fault(fields.Node("name")!, RateCardFaultKind.BadValue,
            $"a cost rule's name must be lower-case letters, digits, '-', '_' and '.', at most {NameMax}");
        return false;
    }

    private CostRule? When(YamlFields owner, CostRule rule)
    {
        if (owner.Node("when") is not { } node)
        {
            owner.Fault(owner.Line, RateCardFaultKind.MissingField, "a cost rule lacks 'when'");
            return null;
        }
        if (YamlFields.From(node, "'when'", file, faults) is not { } fields) return null;
        fields.Allow("'when'", "scope", "span_name", "attributes");
        var attributes = new List<AttributeMatch>();
        if (fields.Node("attributes") is { } list && YamlFields.From(list, "'attributes'", file, faults) is { } named)
        {
            foreach (var (key, keyNode, value) in named.All)
            {
                if (key.Length > TextMax)
                    named.Fault(keyNode, RateCardFaultKind.BadValue, $"an attribute key has at most {TextMax} characters");
                else if (Match(named, value, key) is { } match) attributes.Add(new AttributeMatch(key, match));
            }
        }
        return rule with
        {
            Scope = fields.Node("scope") is { } scope ? Match(fields, scope, "scope") : null,
            SpanName = fields.Node("span_name") is { } spanName ? Match(fields, spanName, "span_name") : null,
            Attributes = attributes,
        };
    }

    /// <summary>A text, a list of texts, or <c>{ prefix: … }</c>, <c>suffix</c>, <c>contains</c>, <c>present: true</c>.</summary>
    private static TextMatch? Match(YamlFields owner, YamlNode node, string what)
    {
        var (kind, value) = node is YamlMappingNode { Children.Count: 1 } mapping
            ? (KindOf((mapping.Children[0].Key as YamlScalarNode)?.Value), mapping.Children[0].Value)
            : (TextMatchKind.Equals, node);
        if (kind is null)
        {
            owner.Fault(node, RateCardFaultKind.BadValue,
                $"'{what}' must be a text, a list of texts, or one of prefix, suffix, contains, present");
            return null;
        }
        IEnumerable<YamlNode> nodes = value is YamlSequenceNode sequence ? sequence.Children : [value];
        var texts = nodes.Select(text => owner.TextOf(text, $"'{what}'")).OfType<string>().Distinct().ToArray();
        if (texts.Length == 0) return null;
        if (Array.Exists(texts, text => text.Length > TextMax))
            owner.Fault(node, RateCardFaultKind.BadValue, $"a text under '{what}' has at most {TextMax} characters");
        return new TextMatch(kind.Value, kind == TextMatchKind.Present ? [] : texts);
    }

    private static TextMatchKind? KindOf(string? name) => name switch
    {
        "equals" => TextMatchKind.Equals,
        "prefix" => TextMatchKind.Prefix,
        "suffix" => TextMatchKind.Suffix,
        "contains" => TextMatchKind.Contains,
        "present" => TextMatchKind.Present,
        _ => null,
    };

    /// <summary>A number for every span, <c>{ attribute: … }</c> or <c>{ duration: true }</c>.</summary>
    private RuleQuantity? Quantity(YamlFields owner, string name)
    {
        if (owner.Node("quantity") is not { } node) return new RuleQuantity(QuantitySource.Constant, "", Rational.One);
        if (node is YamlScalarNode)
            return owner.Decimal("quantity") is { } constant ? new RuleQuantity(QuantitySource.Constant, "", constant) : null;
        if (YamlFields.From(node, "'quantity'", file, faults) is not { } fields) return null;
        fields.Allow("'quantity'", "attribute", "duration", "times", "times_attribute", "round");
        var attribute = fields.Text("attribute") ?? "";
        var duration = fields.Flag("duration");
        if (duration == attribute.Length > 0)
        {
            fields.Fault(fields.Line, RateCardFaultKind.MissingField,
                $"the quantity of cost rule '{name}' needs 'attribute' or 'duration: true', not both");
            return null;
        }
        var round = fields.Text("round");
        if (round is not (null or "up" or "nearest"))
            fields.Fault(fields.Node("round")!, RateCardFaultKind.BadValue, "'round' must be up or nearest");
        return new RuleQuantity(duration ? QuantitySource.Duration : QuantitySource.Attribute, attribute,
            fields.Decimal("times") ?? Rational.One, fields.Text("times_attribute") ?? "", round == "up");
    }
}
