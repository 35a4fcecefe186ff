using System.Globalization;
using CostAttribution.Domain.Pricing;
using YamlDotNet.RepresentationModel;

namespace CostAttribution.RateCards;

/// <summary>Reads one file: its head, whose fields are the cards' defaults, then cards and exchange rates.</summary>
/// <param name="file">Name for messages.</param>
/// <param name="faults">Takes the faults.</param>
/// <param name="learntAtNanos">When what does not say when it was learnt was learnt.</param>
internal sealed class RateCardFileReader(string file, List<RateCardFault> faults, long learntAtNanos = 0)
{
    private static readonly string[] HeadFields =
    [
        "format", "provider", "providers", "seller", "currency", "layer", "source", "checked", "recorded_at", "time_zone",
        "fallback", "same_price", "scope", "evidence", "units", "cards", "withdrawals", "fx", "terms", "cost_rules",
        "reported_costs",
    ];

    private static readonly string[] CardFields =
    [
        "id", "provider", "providers", "seller", "currency", "layer", "source", "checked", "recorded_at", "evidence", "match",
        "except", "order", "scope", "from", "to", "free", "list_factor", "rates", "thresholds", "tiers", "regions",
        "geographies", "endpoints", "request_flags", "windows", "time_zone", "fallback", "same_price", "note",
    ];

    private const int IdMax = 128;

    public void Read(YamlNode root, SourceLists lists)
    {
        if (YamlFields.From(root, "a rate card file", file, faults) is not { } head) return;
        head.Allow("a rate card file", HeadFields);
        if (head.Required("format", "the file") is { } format && format != "1")
        {
            head.Fault(head.Node("format")!, RateCardFaultKind.BadValue,
                $"format '{format}' is not known to this version, which reads format 1");
        }
        var units = new UnitReader(file, faults).Read(head, lists.Units);
        var evidence = new EvidenceReader(file, faults);
        var prices = new PriceReader(head, file, faults, units);
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
            RecordedAtNanos = head.Instant("recorded_at") ?? learntAtNanos,
            TimeZone = head.Text("time_zone") ?? "",
            Fallbacks = prices.Fallbacks(head),
            Scope = Scope(head),
            Evidence = evidence.Read(head, prices) ?? RateEvidence.None,
            File = file,
        };
        foreach (var fields in Mappings(head, "cards", "a card")) lists.Cards.Add(Card(fields, defaults, units, evidence));
        foreach (var fields in Mappings(head, "fx", "an exchange rate"))
        {
            if (Fx(fields, defaults.RecordedAtNanos) is { } rate) lists.FxRates.Add(rate);
        }
        foreach (var fields in Mappings(head, "withdrawals", "a withdrawal"))
        {
            if (Withdrawal(fields) is { } withdrawal) lists.Withdrawals.Add(withdrawal);
        }
        var settlements = new SettlementReader(file, faults, this, defaults, units);
        foreach (var fields in Mappings(head, "terms", "a term"))
        {
            if (settlements.Term(fields) is { } term) lists.Terms.Add(term);
        }
        foreach (var fields in Mappings(head, "cost_rules", "a cost rule"))
        {
            if (settlements.Rule(fields, lists.Cards) is { } rule) lists.CostRules.Add(rule);
        }
        foreach (var fields in Mappings(head, "reported_costs", "a rule on reported costs"))
        {
            if (ReportedCostReader.Read(fields, defaults, file) is { } rule) lists.ReportedCosts.Add(rule);
        }
    }

    private IEnumerable<YamlFields> Mappings(YamlFields head, string name, string what) =>
        head.List(name).Select(node => YamlFields.From(node, what, file, faults)).OfType<YamlFields>();

    private RateCard Card(YamlFields fields, RateCard defaults, Dictionary<string, RateUnit> units, EvidenceReader evidence)
    {
        fields.Allow("a card", CardFields);
        var id = fields.Required("id", "a card") ?? "";
        if (id.Length > IdMax)
            fields.Fault(fields.Line, RateCardFaultKind.BadValue, $"a card id has at most {IdMax} characters");
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
            Evidence = evidence.Read(fields, prices) ?? defaults.Evidence,
            Match = ModelRuleReader.Read(fields, "match"),
            Except = ModelRuleReader.Read(fields, "except"),
            Order = OrderOf(fields),
            Scope = Scope(fields) ?? defaults.Scope,
            FromNanos = fields.Instant("from") ?? long.MinValue,
            ToNanos = fields.Instant("to") ?? long.MaxValue,
            Free = fields.Flag("free"),
            ListFactor = fields.Decimal("list_factor") ?? Rational.One,
            Rates = prices.Rates(fields),
            Thresholds = prices.Thresholds(fields),
            Tiers = prices.Tiers(),
            Regions = prices.Regions(),
            Geographies = prices.Conditions("geographies", "a geography"),
            Endpoints = prices.Conditions("endpoints", "an endpoint"),
            RequestFlags = prices.Conditions("request_flags", "a request flag"),
            Windows = prices.Windows(),
            TimeZone = fields.Text("time_zone") ?? defaults.TimeZone,
            Fallbacks = Merged(prices.Fallbacks(fields), defaults.Fallbacks),
        };
    }

    /// <summary>The card's own words, and the file's on units that the card does not mention.</summary>
    private static List<UnitFallback> Merged(IReadOnlyList<UnitFallback> own, IReadOnlyList<UnitFallback> defaults) =>
        [.. own, .. defaults.Where(fallback => own.All(said => said.Unit != fallback.Unit))];

    private static int OrderOf(YamlFields fields)
    {
        if (fields.Node("order") is not { } node || fields.Text("order") is not { } text) return 0;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var order)) return order;
        fields.Fault(node, RateCardFaultKind.BadValue, $"'order' is '{text}', not a whole number such as -1 or 10");
        return 0;
    }

    /// <summary>Whose calls something is for; null when it does not say.</summary>
    public ContractScope? Scope(YamlFields fields)
    {
        if (fields.Node("scope") is not { } node || YamlFields.From(node, "'scope'", file, faults) is not { } scope) return null;
        scope.Allow("'scope'", "accounts", "projects", "keys", "customers");
        var (accounts, projects) = (scope.Texts("accounts"), scope.Texts("projects"));
        var (keys, customers) = (scope.Texts("keys"), scope.Texts("customers"));
        if (Math.Max(Math.Max(accounts.Count, projects.Count), Math.Max(keys.Count, customers.Count)) > ContractScope.ValuesMax)
        {
            scope.Fault(node, RateCardFaultKind.LimitPassed,
                $"a scope names at most {ContractScope.ValuesMax} of a kind; use several cards");
        }
        return new ContractScope
        {
            Accounts = [.. accounts.Distinct()], Projects = [.. projects.Distinct()], Keys = [.. keys.Distinct()],
            Customers = [.. customers.Distinct()],
        };
    }

    private CardWithdrawal? Withdrawal(YamlFields fields)
    {
        fields.Allow("a withdrawal", "id", "recorded_at", "reason");
        fields.Required("recorded_at", "a withdrawal");
        return fields.Required("id", "a withdrawal") is { } id && fields.Instant("recorded_at") is { } at
            ? new CardWithdrawal(id, at, fields.Text("reason") ?? "", file, fields.Line) : null;
    }

    private FxRate? Fx(YamlFields fields, long recordedAtNanos)
    {
        fields.Allow("an exchange rate", "currency", "from", "usd", "source", "recorded_at");
        var currency = fields.Required("currency", "an exchange rate") is null ? null : Currency(fields);
        fields.Required("from", "an exchange rate");
        fields.Required("usd", "an exchange rate");
        var from = fields.Instant("from");
        var usd = fields.Decimal("usd");
        return currency is null || from is null || usd is null ? null
            : new FxRate(currency, from.Value, usd.Value, file, fields.Line)
            {
                RecordedAtNanos = fields.Instant("recorded_at") ?? recordedAtNanos,
            };
    }

    public static List<string> Providers(YamlFields fields)
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

    public static string? Currency(YamlFields fields)
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
