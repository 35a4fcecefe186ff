using System.Text;
using CostAttribution.RateCards.Importing;
using FsCheck;
using FsCheck.Fluent;
using static CostAttribution.UnitTests.Pricing.Importing.ImportKit;

namespace CostAttribution.UnitTests.Pricing.Importing;

/// <summary>Whatever a third party's file says, an import gives a plan whose files load, or says that the file is no such
/// file.</summary>
public sealed class ImportFuzzTests
{
    private const string LiteLlmText = """
        { "acme/m": { "litellm_provider": "acme", "mode": "chat", "input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05,
            "input_cost_per_token_above_200k_tokens": 5e-06, "output_cost_per_token_above_200k_tokens": 1.5e-05,
            "input_cost_per_token_batches": 1.25e-06, "cache_read_input_token_cost": 2.5e-07, "source": "https://a",
            "regional_processing_uplift_multiplier_eu": 1.1, "provider_specific_entry": { "us": 1.1, "fast": 6 },
            "search_context_cost_per_query": { "search_context_size_low": 0.01, "search_context_size_high": 0.02 },
            "off_peak_pricing": { "hours_utc": "16:30-00:30", "input_cost_per_token": 1e-06 } },
          "acme/n": { "litellm_provider": "acme", "tiered_pricing": [
            { "range": [0, 32000], "input_cost_per_token": 1e-06 }, { "range": [32000, 64000], "input_cost_per_token": 2e-06 }] } }
        """;

    private const string GenAiText = """
        [{ "id": "acme", "pricing_urls": ["https://a"], "models": [
          { "id": "m", "match": { "or": [{ "equals": "m" }, { "and": [{ "starts_with": "m-" }, { "contains": "x" }] }, { "regex": "^m[0-9]" }] },
            "prices": [{ "prices": { "input_mtok": 2.5, "output_mtok": { "base": 10, "tiers": [{ "start": 200000, "price": 15 }] } } },
              { "constraint": { "start_date": "2026-02-01" }, "prices": { "input_mtok": 2, "output_mtok": 8 } }] },
          { "id": "n", "match": { "contains": "nnn" }, "prices": [{ "prices": { "input_mtok": 1 } },
              { "constraint": { "start_time": "16:30:00Z", "end_time": "00:30:00Z" }, "prices": { "input_mtok": 0.5 } }] }] }]
        """;

    private const string ModelsDevText = """
        { "acme": { "id": "acme", "doc": "https://a", "models": { "m": { "id": "m", "cost": { "input": 2.5, "output": 10, "cache_read": 0.25,
            "tiers": [{ "tier": { "type": "context", "size": 200000 }, "input": 5, "output": 15 }] },
            "experimental": { "modes": { "fast": { "cost": { "input": 5, "output": 20 } } } } },
          "n": { "id": "n", "cost": { "input": 1, "context_over_200k": { "input": 2 } } } } } }
        """;

    private static readonly string[] Scraps =
    [
        "null", "true", "{}", "[]", "\"\"", "-1", "0", "1e40", "1e-40", "1e999", "123456789012345678901234567890123456789012345",
        "0.00000123456789012345678901234567890123", "1.1000000000000000000000000000000000001", "\"x\"", "[1]", "{\"a\":1}", "\"\\ud83d\\ude00\"",
        "\"\\ud800\"", "\"2026-99-99\"", "\"99:99\"", "\"m*\"", "\"(((\"", "\"\\u0000\"", "100", "0.3333333333333333333333", "[[[[]]]]",
    ];

    [Theory]
    [InlineData("litellm")]
    [InlineData("genai")]
    [InlineData("models.dev")]
    public void Files_with_values_exchanged_give_a_plan_that_loads_or_are_no_such_file(string format)
    {
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var text = format switch { "litellm" => LiteLlmText, "genai" => GenAiText, _ => ModelsDevText };
            for (var cuts = random.Next(1, 4); cuts > 0; cuts--) text = Exchanged(text, random);
            var file = format switch { "litellm" => LiteLlm(text), "genai" => GenAi(text), _ => ModelsDev(text) };
            try
            {
                var plan = RateImport.Plan(Over("", file));

                Assert.Empty(plan.Faults);
            }
            catch (InvalidDataException fault)
            {
                Assert.Contains(file.Name, fault.Message);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(600));
    }

    /// <summary>Another value in place of one number or text, or a character changed.</summary>
    private static string Exchanged(string text, Random random)
    {
        var at = random.Next(text.Length);
        if (random.Next(6) == 0) return new StringBuilder(text) { [at] = (char)random.Next(32, 127) }.ToString();
        var colon = text.IndexOf(": ", at, StringComparison.Ordinal);
        if (colon < 0) return text;
        var end = colon + 2;
        if (text[end] == '"') end = text.IndexOf('"', end + 1) + 1;
        else if (text[end] is '{' or '[') end = Close(text, end);
        else while (end < text.Length && text[end] is not (',' or ' ' or '}' or ']')) end++;
        return end <= 0 ? text : text[..(colon + 2)] + Scraps[random.Next(Scraps.Length)] + text[end..];
    }

    private static int Close(string text, int open)
    {
        var depth = 0;
        for (var i = open; i < text.Length; i++)
        {
            if (text[i] is '{' or '[') depth++;
            if (text[i] is '}' or ']' && --depth == 0) return i + 1;
        }
        return text.Length;
    }

    [Theory]
    [InlineData("\"input_cost_per_token\": 0.00000123456789012345678901234567890123")]
    [InlineData("\"input_cost_per_token\": 1e-6, \"regional_processing_uplift_multiplier_eu\": 1.1000000000000000000000000000000000001")]
    public void A_number_too_long_for_a_card_is_refused_and_not_thrown(string fields)
    {
        var plan = Plan(LiteLlmModel(fields));

        Assert.NotEmpty(plan.Lines(ImportFindingKind.Refused));
    }

    [Theory]
    [InlineData("110")]
    [InlineData("0.011")]
    public void A_factor_in_percent_is_refused(string factor)
    {
        var plan = Plan(LiteLlmModel($"\"input_cost_per_token\": 1e-6, \"regional_processing_uplift_multiplier_eu\": {factor}"));

        Assert.Contains("regional_processing_uplift_multiplier_eu", Assert.Single(plan.Lines(ImportFindingKind.Refused)));
        Assert.Equal("1", plan.Book().Million("input_tokens"));
    }

    [Fact]
    public void A_name_beyond_the_basic_plane_is_written_so_that_it_is_read_again()
    {
        var plan = Plan(LiteLlmModel("\"input_cost_per_token\": 1e-6", "acme/m\\ud83d\\ude00"));

        Assert.Equal("1", plan.Book().Million("input_tokens", model: "m\ud83d\ude00"));
    }
}
