using System.Text.RegularExpressions;
using CostAttribution.Domain.Tracing;
using CostAttribution.Domain.Usage;
using CostAttribution.Domain.Usage.Dialects;
using CostAttribution.UnitTests.Architecture;

namespace CostAttribution.UnitTests.Usage;

/// <summary>Every dialect has a place, a fixture and a line in docs/dialects.md that says what it does.</summary>
public sealed partial class DialectTableTests
{
    private const string Begin = "<!-- dialects: written by DialectTableTests, UPDATE_GOLDEN=1 -->", End = "<!-- /dialects -->";

    private static readonly ProviderClass[] Providers =
        [ProviderClass.Anthropic, ProviderClass.Bedrock, ProviderClass.OpenAiLike, ProviderClass.Gemini];

    private static readonly (string Key, string Text)[] Shown =
    [
        ("cr", "cache read"), ("cw", "cache write"), ("cw1", "1 h writes"), ("reason", "reasoning"), ("units", "other units"),
        ("tier", "tier"), ("reported", "cost"), ("customer", "customer"), ("team", "team"), ("user", "user"),
        ("session", "session"), ("feature", "feature"),
    ];

    [Fact]
    public void Ids_and_places_in_the_order_are_unique()
    {
        Assert.Equal(DialectTable.All.Count, DialectTable.All.Select(dialect => dialect.Id).Distinct().Count());
        Assert.Equal(DialectTable.All.Count, DialectTable.All.Select(dialect => dialect.Rank).Distinct().Count());
        Assert.All(DialectTable.All, dialect => Assert.True(dialect.Id.Length > 0 && dialect.Rank > 0));
        Assert.Equal("semconv", DialectTable.All[^1].Id);
    }

    [Fact]
    public void Every_dialect_has_a_fixture()
    {
        var lines = FixtureLines();

        Assert.Empty(DialectTable.All.Where(dialect => !lines[dialect.Id].Any()).Select(dialect => dialect.Id));
    }

    [Fact]
    public void The_documentation_says_of_every_dialect_what_is_handled()
    {
        var path = Path.Combine(Repository.Root, "docs", "dialects.md");
        var text = File.ReadAllText(path);
        var (from, to) = (text.IndexOf(Begin, StringComparison.Ordinal), text.IndexOf(End, StringComparison.Ordinal));
        Assert.True(from >= 0 && to > from, "docs/dialects.md has no place for the table of dialects");
        var wanted = $"{text[..from]}{Begin}\n{Table()}{text[to..]}";
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1") File.WriteAllText(path, wanted);

        Assert.Equal(wanted, File.ReadAllText(path));
    }

    private static string Table()
    {
        var lines = FixtureLines();
        var rows = DialectTable.All.Select(dialect => Row(dialect, [.. lines[dialect.Id]]));
        return $"""
            | Dialect | Anthropic | Bedrock | OpenAI | Gemini | Never shows | Nature | Shown by fixtures | Fixtures |
            | --- | --- | --- | --- | --- | --- | --- | --- | --- |
            {string.Join('\n', rows)}

            """;
    }

    private static string Row(Dialect dialect, (string Fixture, string Line)[] lines)
    {
        var shown = Shown.Where(part => lines.Any(line => line.Line.Contains($" {part.Key}=", StringComparison.Ordinal)))
            .Select(part => part.Text);
        var fixtures = lines.Select(line => line.Fixture).Distinct();
        string[] cells =
        [
            dialect.Id, .. Providers.Select(provider => Text(dialect.CacheInclusion(QuestionOf(provider)))), Hidden(dialect),
            Nature(dialect), string.Join(", ", shown), string.Join(", ", fixtures),
        ];
        return $"| {string.Join(" | ", cells)} |";
    }

    private static string Text(Inclusion inclusion) => inclusion switch
    {
        Inclusion.Inclusive => "inside",
        Inclusion.Exclusive => "beside",
        Inclusion.LikelyInclusive => "inside?",
        Inclusion.LikelyExclusive => "beside?",
        _ => "",
    };

    private static string Hidden(Dialect dialect)
    {
        var hidden = Providers.Aggregate(HiddenParts.None, (all, provider) => all | dialect.Hides(QuestionOf(provider)));
        var parts = new (HiddenParts Part, string Text)[]
        {
            (HiddenParts.CacheRead, "cache read"), (HiddenParts.CacheWrite, "cache write"), (HiddenParts.Reasoning, "reasoning"),
            (HiddenParts.Thoughts, "thoughts"), (HiddenParts.Estimates, "what is estimated"),
        };
        return string.Join(", ", parts.Where(part => (hidden & part.Part) != 0).Select(part => part.Text));
    }

    private static string Nature(Dialect dialect)
    {
        var nature = new (bool Is, string Text)[]
        {
            (dialect.Gateway, "gateway"), (dialect.VendorPushed, "pushed"), (dialect.LifetimeTotals, "lifetime totals"),
            (dialect.CumulativeLoops, "cumulative loops"), (dialect.ReadsBareNames, "bare names"),
            (dialect.LearnsFromOthers != SpanTraits.None, "version from other spans"),
        };
        return string.Join(", ", nature.Where(part => part.Is).Select(part => part.Text));
    }

    private static CountingQuestion QuestionOf(ProviderClass provider) =>
        new(provider, new ScopeInfo(new byte[6]), "", new SpanReading(), default);

    private static ILookup<string, (string Fixture, string Line)> FixtureLines() =>
        Directory.GetFiles(Path.Combine(Repository.Root, "tests", "CostAttribution.UnitTests", "Fixtures"), "*.trace")
            .Order(StringComparer.Ordinal)
            .SelectMany(path => File.ReadAllLines(path).Select(line => (Fixture: NumberOf(path), Line: line)))
            .Where(line => DialectName().IsMatch(line.Line))
            .ToLookup(line => DialectName().Match(line.Line).Groups[1].Value);

    private static string NumberOf(string path) => Path.GetFileNameWithoutExtension(path).Split('-')[0];

    [GeneratedRegex(@"^(?!\s*[.#]).* dialect=(\w+)")]
    private static partial Regex DialectName();
}
