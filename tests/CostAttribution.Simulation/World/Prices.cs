using CostAttribution.Domain.Pricing;
using CostAttribution.RateCards;

namespace CostAttribution.Simulation.World;

/// <summary>Made-up rates with many digits, different for every model and kind.</summary>
internal static class Prices
{
    public static RateBook Book { get; } = RateCardLoader.Load([("test.yaml", """
        format: 1
        provider: openai
        source: test
        checked: 2026-11-22
        recorded_at: 2026-11-22
        cards:
          - id: test/gpt-4.1
            match: [gpt-4.1]
            rates:
              input_tokens: 2.000001 per 1M
              cache_read_tokens: 0.500003 per 1M
              output_tokens: 8.000007 per 1M
          - id: test/gpt-5
            match: [gpt-5]
            rates:
              input_tokens: 1.250011 per 1M
              cache_read_tokens: 0.125013 per 1M
              output_tokens: 10.000017 per 1M
        """)]) is { Book: { } book } ? book : throw new InvalidOperationException("the simulation's rates cannot be read");
}
