using CostAttribution.Domain.Pricing;
using YamlDotNet.RepresentationModel;

namespace CostAttribution.RateCards;

/// <summary>Reads one file: its head, whose fields are the cards' defaults, then cards and exchange rates.</summary>
internal sealed class RateCardFileReader(string file, List<RateCardFault> faults)
{
    private static readonly string[] HeadFields =
        ["format", "provider", "providers", "seller", "currency", "layer", "source", "checked", "recorded_at", "units", "cards",
         "fx"];

    private static readonly string[] CardFields =
    [
        "id", "provider", "providers", "seller", "currency", "layer", "source", "checked", "recorded_at", "match", "except",
        "from", "to",
        "free", "list_factor", "rates", "thresholds", "tiers", "regions", "windows", "note",
    ];

    public void Read(YamlNode root, List<RateCard> cards, List<FxRate> fxRates)
    {
        if (YamlFields.From(root, "a rate card file", file, faults) is not { } head) return;
        head.Allow("a rate card file", HeadFields);
        if (head.Required("format", "the file") is { } format && format != "1")
        {
            head.Fault(head.Node("format")!, RateCardFaultKind.BadValue,
                $"format '{format}' is not known to this version, which reads format 1");
        }
        var units = Units(head);
        var defaults = new RateCard
        {
            Id = "",
            Providers = Providers(head),
            Match = [],
            Seller = head.Text("seller")?.ToLowerInvariant() ?? "",
            Currency = Currency(head) ?? "USD",
            Layer = Layer(head) ?? RateLayer.List,
            Source = head.Text("source") ?? "",
            Checked = CheckedDay(head) ?? "",
            RecordedAtNanos = head.Instant("recorded_at") ?? 0,
            File = file,
        };
        foreach (var node in head.List("cards"))
        {
            if (YamlFields.From(node, "a card", file, faults) is { } fields) cards.Add(Card(fields, defaults, units));
        }
        foreach (var node in head.List("fx"))
        {
            if (YamlFields.From(node, "an exchange rate", file, faults) is { } fields && Fx(fields) is { } rate)
                fxRates.Add(rate);
        }
    }

    private RateCard Card(YamlFields fields, RateCard defaults, HashSet<string> units)
    {
        fields.Allow("a card", CardFields);
        var id = fields.Required("id", "a card") ?? "";
        if (id.Length > 128) fields.Fault(fields.Line, RateCardFaultKind.BadValue, "a card id has at most 128 characters");
        var prices = new PriceReader(fields, file, faults, units);
        var providers = Providers(fields);
        return defaults with
        {
            Id = id,
            Line = fields.Line,
            Providers = providers.Count > 0 ? providers : defaults.Providers,
            Seller = fields.Text("seller")?.ToLowerInvariant() ?? defaults.Seller,
            Currency = Currency(fields) ?? defaults.Currency,
            Layer = Layer(fields) ?? defaults.Layer,
            Source = fields.Text("source") ?? defaults.Source,
            Checked = CheckedDay(fields) ?? defaults.Checked,
            RecordedAtNanos = fields.Instant("recorded_at") ?? defaults.RecordedAtNanos,
            Match = Rules(fields, "match"),
            Except = Rules(fields, "except"),
            FromNanos = fields.Instant("from") ?? long.MinValue,
            ToNanos = fields.Instant("to") ?? long.MaxValue,
            Free = fields.Flag("free"),
            ListFactor = fields.Decimal("list_factor") ?? Rational.One,
            Rates = prices.Rates(fields),
            Thresholds = prices.Thresholds(fields),
            Tiers = prices.Tiers(),
            Regions = prices.Regions(),
            Windows = prices.Windows(),
        };
    }

    /// <summary>A plain name is the model and its dated versions; a one-field mapping says otherwise.</summary>
    private static List<ModelRule> Rules(YamlFields fields, string name)
    {
        var rules = new List<ModelRule>();
        foreach (var node in fields.List(name))
        {
            var (kind, value) = node is YamlMappingNode { Children.Count: 1 } mapping
                ? (KindOf(((YamlScalarNode)mapping.Children[0].Key).Value), mapping.Children[0].Value)
                : (ModelRuleKind.Dated, node);
            if (kind is null)
            {
                fields.Fault(node, RateCardFaultKind.BadValue,
                    $"a rule under '{name}' is a model name or one of equals, prefix, glob");
                continue;
            }
            if (fields.TextOf(value, $"a rule under '{name}'")?.ToLowerInvariant() is not { } pattern) continue;
            if (pattern.Length > 256) fields.Fault(value, RateCardFaultKind.BadValue,
                $"a rule under '{name}' has at most 256 characters");
            else if (pattern.Contains('*') && (kind != ModelRuleKind.Glob || pattern.Trim('*').Length < 3))
            {
                fields.Fault(value, RateCardFaultKind.BadValue,
                    $"'{pattern}' under '{name}': only a glob may hold *, beside at least 3 other characters");
            }
            else if (rules.Contains(new ModelRule(kind.Value, pattern)))
            {
                fields.Fault(value, RateCardFaultKind.Contradiction, $"'{pattern}' is listed twice under '{name}'");
            }
            else rules.Add(new ModelRule(kind.Value, pattern));
        }
        return rules;
    }

    private static ModelRuleKind? KindOf(string? name) => name switch
    {
        "equals" => ModelRuleKind.Equals,
        "prefix" => ModelRuleKind.Prefix,
        "glob" => ModelRuleKind.Glob,
        _ => null,
    };

    private FxRate? Fx(YamlFields fields)
    {
        fields.Allow("an exchange rate", "currency", "from", "usd", "source");
        var currency = fields.Required("currency", "an exchange rate") is null ? null : Currency(fields);
        fields.Required("from", "an exchange rate");
        fields.Required("usd", "an exchange rate");
        var from = fields.Instant("from");
        var usd = fields.Decimal("usd");
        return currency is null || from is null || usd is null ? null
            : new FxRate(currency, from.Value, usd.Value, file, fields.Line);
    }

    private static HashSet<string> Units(YamlFields head)
    {
        var units = new HashSet<string>();
        foreach (var node in head.List("units"))
        {
            if (head.TextOf(node, "a unit") is not { } unit) continue;
            if (unit.Length > 64 || !unit.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter)
                || letter == '_'))
            {
                head.Fault(node, RateCardFaultKind.BadValue,
                    $"unit '{unit}' must be lower-case letters, digits and _, at most 64");
            }
            units.Add(unit);
        }
        return units;
    }

    private static List<string> Providers(YamlFields fields)
    {
        var providers = new List<string>();
        if (fields.Text("provider") is { } single) providers.Add(single.ToLowerInvariant());
        foreach (var node in fields.List("providers"))
        {
            if (fields.TextOf(node, "a provider")?.ToLowerInvariant() is not { } provider) continue;
            if (providers.Contains(provider)) fields.Fault(node, RateCardFaultKind.Contradiction,
                $"provider '{provider}' is listed twice");
            else providers.Add(provider);
        }
        return providers;
    }

    private static string? Currency(YamlFields fields)
    {
        if (fields.Text("currency") is not { } currency) return null;
        if (currency.Length == 3 && currency.All(char.IsAsciiLetterUpper)) return currency;
        fields.Fault(fields.Node("currency")!, RateCardFaultKind.UnknownCurrency,
            $"currency '{currency}' is not a three-letter code such as EUR");
        return null;
    }

    private static RateLayer? Layer(YamlFields fields)
    {
        switch (fields.Text("layer"))
        {
            case null: return null;
            case "list": return RateLayer.List;
            case "contract": return RateLayer.Contract;
            case var other:
                fields.Fault(fields.Node("layer")!, RateCardFaultKind.BadValue, $"layer '{other}' must be list or contract");
                return null;
        }
    }

    private static string? CheckedDay(YamlFields fields) =>
        fields.Instant("checked") is { } day ? RateCardTime.ToText(day) : null;
}
