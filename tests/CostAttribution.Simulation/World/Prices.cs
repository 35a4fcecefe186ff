using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Pricing;
using CostAttribution.Ingest.Costing;
using CostAttribution.RateCards;

namespace CostAttribution.Simulation.World;

/// <summary>
/// Made-up rates with many digits, different for every model and kind, and the rules that say who pays; several of both, for runs in
/// which they change.
/// </summary>
internal static class Prices
{
    private static readonly RateBook[] Books =
        [Book("2.000001", "1.250011"), Book("3.000019", "0.750031"), Book("2.000001", "")];

    private static readonly AttributionTable[] Rules =
    [
        AttributionTable.Default,
        Rule(new() { ["customer-1"] = "tenant-one", ["customer-2"] = "customer-3" }),
    ];

    /// <summary>All that a run may use; it starts with the first.</summary>
    public static IReadOnlyList<CostingPair> Pairs { get; } =
        [.. Rules.SelectMany(_ => Books, (rules, book) => new CostingPair(book, rules))];

    // Without a rate for it the second model has no card.
    private static RateBook Book(string first, string second)
    {
        var cards = Card("gpt-4.1", first, "0.500003", "8.000007")
            + (second.Length > 0 ? Card("gpt-5", second, "0.125013", "10.000017") : "");
        var text = $"""
            format: 1
            provider: openai
            source: test
            checked: 2026-11-22
            recorded_at: 2026-11-22
            cards:
            {cards}
            """;
        return RateCardLoader.Load([("test.yaml", text)]) is { Book: { } book } ? book
            : throw new InvalidOperationException("the simulation's rates cannot be read");
    }

    private static string Card(string model, string input, string cached, string output) => $"""
          - id: test/{model}
            match: [{model}]
            rates:
              input_tokens: {input} per 1M
              cache_read_tokens: {cached} per 1M
              output_tokens: {output} per 1M

        """;

    private static AttributionTable Rule(Dictionary<string, string> customers)
    {
        var faults = new List<string>();
        var options = new AttributionOptions { Dimensions = { ["customer"] = new DimensionOptions { Values = customers } } };
        return AttributionTableBuilder.Build(options, faults) ?? throw new InvalidOperationException(string.Join(' ', faults));
    }
}
