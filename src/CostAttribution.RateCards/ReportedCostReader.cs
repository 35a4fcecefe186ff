using CostAttribution.Domain.Pricing;

namespace CostAttribution.RateCards;

/// <summary>Reads what to do with costs that providers report.</summary>
internal static class ReportedCostReader
{
    private static readonly Rational Percent = new(1, 100);

    public static ReportedCostRule? Read(YamlFields fields, RateCard defaults, string file)
    {
        fields.Allow("a rule on reported costs", "id", "provider", "providers", "seller", "take", "alert_above", "from", "to",
            "recorded_at", "note");
        if (fields.Required("id", "a rule on reported costs") is not { } id
            || fields.Required("take", "a rule on reported costs") is null) return null;
        return new ReportedCostRule
        {
            Id = id, Providers = RateCardFileReader.Providers(fields), Seller = fields.Text("seller")?.ToLowerInvariant() ?? "",
            Take = fields.Choice("take", ReportedCostUse.Ours),
            AlertAbove = AlertAbove(fields) ?? ReportedCostRule.DefaultAlertAbove,
            FromNanos = fields.Instant("from") ?? long.MinValue, ToNanos = fields.Instant("to") ?? long.MaxValue,
            RecordedAtNanos = fields.Instant("recorded_at") ?? defaults.RecordedAtNanos, File = file, Line = fields.Line,
        };
    }

    private static Rational? AlertAbove(YamlFields fields)
    {
        if (fields.Node("alert_above") is not { } node || fields.Text("alert_above") is not { } text) return null;
        if (text.EndsWith('%') && Rational.TryParseDecimal(text.AsSpan(0, text.Length - 1), out var percent))
            return percent * Percent;
        fields.Fault(node, RateCardFaultKind.BadValue, $"'alert_above' is '{text}', must be a percentage such as 5%");
        return null;
    }
}
