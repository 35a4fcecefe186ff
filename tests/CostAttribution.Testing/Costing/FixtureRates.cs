using System.Globalization;
using System.Text;
using CostAttribution.Domain.Pricing;
using CostAttribution.RateCards;

namespace CostAttribution.Testing.Costing;

/// <summary>The <c>rates</c> lines of a fixture.</summary>
internal sealed class FixtureRates
{
    private static readonly Dictionary<string, string> Units = new()
    {
        ["unc"] = "input_tokens", ["cr"] = "cache_read_tokens", ["cw"] = "cache_write_tokens",
        ["cw1"] = "cache_write_1h_tokens", ["out"] = "output_tokens", ["reason"] = "reasoning_tokens",
    };

    private static readonly Lazy<RateBook> Shipped = new(() => Sound(RateCardFiles.Load(null)));

    private readonly StringBuilder yaml = new();
    private readonly List<(string, string)> files = [];
    private bool shipped;

    public void Add(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words[0] == "shipped")
        {
            shipped = true;
            return;
        }
        var id = files.Count.ToString(CultureInfo.InvariantCulture);
        yaml.Clear().Append(CultureInfo.InvariantCulture, $$"""
            format: 1
            provider: {{words[0]}}
            source: fixture
            checked: 2026-11-22
            recorded_at: 2026-11-22
            cards:
              - id: fixture/{{id}}
                match: [{ equals: "{{words[1]}}" }]
                rates:

            """);
        foreach (var word in words.Skip(2))
        {
            var (kind, price) = (word[..word.IndexOf('=', StringComparison.Ordinal)], word[(word.IndexOf('=', StringComparison.Ordinal) + 1)..]);
            yaml.Append(CultureInfo.InvariantCulture, $"      {Units.GetValueOrDefault(kind, kind)}: {price} per 1M\n");
        }
        files.Add(($"rates-{id}.yaml", yaml.ToString()));
    }

    public RateBook Load()
    {
        if (files.Count == 0) return shipped ? Shipped.Value : RateBook.Empty;
        return Sound(RateCardLoader.Load(shipped ? [.. RateCardFiles.Shipped(), .. files] : files));
    }

    private static RateBook Sound(RateCardLoadResult loaded) =>
        loaded.Book ?? throw new InvalidDataException(loaded.FaultText);
}
