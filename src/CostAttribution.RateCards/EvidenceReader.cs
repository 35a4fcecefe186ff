using CostAttribution.Domain.Pricing;

namespace CostAttribution.RateCards;

/// <summary>Reads how the figures of a card came to be believed.</summary>
internal sealed class EvidenceReader(string file, List<RateCardFault> faults)
{
    /// <summary>Null when the owner does not say.</summary>
    public RateEvidence? Read(YamlFields owner, PriceReader prices)
    {
        if (owner.Node("evidence") is not { } node || YamlFields.From(node, "'evidence'", file, faults) is not { } fields)
            return null;
        fields.Allow("'evidence'", "fetched_at", "catalogue", "reviewer", "confidence", "disagreements");
        return new RateEvidence
        {
            FetchedAtNanos = fields.Instant("fetched_at") ?? 0,
            Catalogue = fields.Text("catalogue") ?? "",
            Reviewer = fields.Text("reviewer") ?? "",
            Confidence = fields.Choice("confidence", RateConfidence.Unstated),
            Disagreements = [.. fields.List("disagreements")
                .Select(other => YamlFields.From(other, "a disagreement", file, faults))
                .OfType<YamlFields>().Select(other => Disagreement(other, prices)).OfType<RateDisagreement>()],
        };
    }

    private static RateDisagreement? Disagreement(YamlFields fields, PriceReader prices)
    {
        fields.Allow("a disagreement", "source", "unit", "price", "fetched_at");
        var source = fields.Required("source", "a disagreement");
        var unit = fields.Required("unit", "a disagreement");
        var price = fields.Required("price", "a disagreement");
        if (source is null || unit is null || price is null) return null;
        if (prices.Unit(fields, fields.Node("unit")!, unit) is not { } known) return null;
        return PriceText.Read(fields, fields.Node("price")!, known, price) is { } read
            ? new RateDisagreement(source, read, fields.Instant("fetched_at") ?? 0) : null;
    }
}
