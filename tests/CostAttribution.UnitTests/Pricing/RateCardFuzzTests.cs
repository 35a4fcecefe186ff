using System.Text;
using CostAttribution.RateCards;
using FsCheck;
using FsCheck.Fluent;
using static CostAttribution.UnitTests.Pricing.PricingKit;

namespace CostAttribution.UnitTests.Pricing;

/// <summary>Whatever a file says, the loader answers with a book or with faults of that file.</summary>
public sealed class RateCardFuzzTests
{
    private const string Whole = """
        format: 1
        provider: acme
        recorded_at: 2026-01-02T03:04:05Z
        same_price: { reasoning_tokens: output_tokens }
        fallback: { audio_input_tokens: upper_bound }
        scope: { customers: [c] }
        layer: contract
        evidence: { fetched_at: 2026-01-01, disagreements: [{ source: s, unit: pages, price: 1 per 1K }] }
        units: [own, { name: house_tokens, family: token, direction: input, ttl: 300, policy: parent, parent: pages }]
        fx: [{ currency: EUR, from: 1970-01-01, usd: "1.1" }]
        withdrawals: [{ id: gone, recorded_at: 2026-02-02 }]
        terms:
          - { id: volume, kind: volume_tiers, unit: input_tokens, tiers: [{ above: 10, factor: "0.9" }] }
          - { id: ptu, kind: capacity, quantity: 5, amount: "2.00", from: 2026-01-01 }
        cost_rules:
          - { name: reads, when: { scope: db, attributes: { n: { present: true } } }, unit: pages, quantity: { attribute: n }, price: 1 per 1M }
        cards:
          - id: gone
            match: [m, { prefix: n- }, { regex: "o[0-9]+" }, { any: true }]
            except: [m-2]
            from: 1970-01-01
            currency: EUR
            rates: { input_tokens: 2.50 per 1M, gpu_milliseconds: 3.60 per hour, own: 1 per 1K }
            thresholds: [{ above: 200000, mode: whole, rates: { input_tokens: 5 per 1M } }]
            tiers: { batch: { factor: "0.5" } }
            regions: { eu: { factor: "1.1", tiers: { batch: { factor: "0.4" } } } }
            request_flags: { fast: { factor: "2" } }
            time_zone: Europe/Berlin
            windows: [{ from: "06:30", to: "24:00", days: [mon], factor: "0.5" }]

        """;

    private static readonly string[] Scraps =
    [
        "-", "- ", ":", ": ", "{", "}", "[", "]", ",", "&a ", "*a", "? ", "!!str ", "!!map ", "!x ", "|\n", ">\n", "'", "\"", "#", "%YAML 9.9\n",
        "---\n", "...\n", "\t", "\n", "  ", "~", "null", "1e999", "-1", "99999999999999999999", "NaN", "\"\\ud83d\\ude00\"", "\"\\U00110000\"",
        "\0", "\uFEFF", "\u0085", "\u2028", "é", "2261-12-31", "9999-99-99", "per", " per 0", " per K", "<<: *a", "free: true", "&a [*a]",
        "{ prefix: \"\" }", "{ regex: \"(\" }", "{ regex: \"(?<=a)b\" }", "\"\"", "rates: { }", "factor: \"0\"",
    ];

    [Fact]
    public void The_file_that_is_cut_about_is_sound_itself()
    {
        var loaded = RateCardLoader.Load([("f", Whole)]);

        Assert.True(loaded.IsSound, loaded.FaultText);
    }

    [Fact]
    public void Cut_and_patched_files_give_a_book_or_faults_and_never_an_exception()
    {
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var text = new StringBuilder(Whole);
            for (var cuts = random.Next(1, 6); cuts > 0; cuts--)
            {
                var at = random.Next(text.Length);
                switch (random.Next(4))
                {
                    case 0: text.Remove(at, Math.Min(random.Next(1, 40), text.Length - at)); break;
                    case 1: text.Insert(at, Scraps[random.Next(Scraps.Length)]); break;
                    case 2: text[at] = (char)random.Next(1, 0x300); break;
                    default: text.Insert(at, text.ToString(random.Next(text.Length / 2), random.Next(1, text.Length / 2))); break;
                }
                if (text.Length == 0) text.Append(' ');
            }

            var loaded = RateCardLoader.Load([("f", text.ToString())]);

            Assert.Equal(loaded.IsSound, loaded.Faults.Count == 0);
            Assert.All(loaded.Faults, fault => Assert.True(fault is { File: "f", Line: >= 0, Reason.Length: > 0 }, fault.ToString()));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1_500));
    }

    [Theory]
    [InlineData("a: &a [*a]")]
    [InlineData("? &a [*a]\n: b")]
    [InlineData("? &a { ? *a : b }\n: b")]
    [InlineData("cards: &a [*a]")]
    [InlineData("&a cards: { b: *a, ? &b [*b, *a] : *b }")]
    public void Aliases_that_lead_back_to_themselves_are_refused(string text)
    {
        var loaded = RateCardLoader.Load([("f", "format: 1\nprovider: acme\n" + text + "\n")]);

        Assert.NotEmpty(loaded.Faults);
    }

    [Fact]
    public void Aliases_that_multiply_are_refused_before_they_are_read()
    {
        var text = new StringBuilder("format: 1\nprovider: acme\nunits: &l0 [a, a, a, a, a, a, a, a, a]\n");
        for (var level = 1; level < 12; level++)
        {
            text.Append($"x{level}: &l{level} [");
            text.AppendJoin(", ", Enumerable.Repeat($"*l{level - 1}", 9)).Append("]\n");
        }

        var loaded = RateCardLoader.Load([("f", text.Append("cards: *l11\n").ToString())]);

        Assert.NotEmpty(loaded.Faults);
    }

    [Fact]
    public void A_name_that_stands_twice_in_other_letters_is_refused()
    {
        const string Card = "  - id: a\n    match: [m]\n    rates: { input_tokens: 1 per 1M }\n";

        foreach (var part in new[] { "tiers: { batch: { factor: \"0.5\" }, Batch: { factor: \"0.1\" } }",
            "regions: { us: { factor: \"1.1\" }, US: { factor: \"1.2\" } }",
            "request_flags: { fast: { factor: \"2\" }, Fast: { factor: \"6\" } }" })
        {
            var loaded = RateCardLoader.Load([("f", Cards(Card + "    " + part + "\n"))]);

            Assert.Contains("stands twice", Assert.Single(loaded.Faults).ToString());
            Assert.Equal(7, loaded.Faults[0].Line);
        }
    }
}
