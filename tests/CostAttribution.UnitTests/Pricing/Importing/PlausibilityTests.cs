using CostAttribution.RateCards.Importing;
using static CostAttribution.UnitTests.Pricing.Importing.ImportKit;
using static CostAttribution.UnitTests.Pricing.PricingKit;

namespace CostAttribution.UnitTests.Pricing.Importing;

public class PlausibilityTests
{
    [Theory]
    [InlineData("input_cost_per_token", "2.5", "input_tokens is 2500000 per 1M, outside 0.0001 and 200 per 1M: a mix-up of units")]
    [InlineData("input_cost_per_token", "2.5e-12", "input_tokens is 0.0000025 per 1M, outside 0.0001 and 200 per 1M: a mix-up of units")]
    [InlineData("input_cost_per_request", "12", "requests is 12 per 1, outside 0.0000001 and 10: a mix-up of units")]
    [InlineData("output_cost_per_image", "40", "images is 40 per 1, outside 0.000001 and 10: a mix-up of units")]
    [InlineData("input_cost_per_token", "-1e-06", "negative price: -1e-06")]
    public void A_price_that_no_unit_of_its_kind_can_have_is_refused(string field, string value, string reason)
    {
        var plan = Plan(LiteLlmModel($"\"{field}\": {value}"));

        Assert.Empty(plan.New);
        Assert.Equal([$"acme/m.{field}: {reason}"], plan.Lines(ImportFindingKind.Refused));
    }

    [Fact]
    public void Two_lines_of_one_model_that_cannot_both_be_right_are_refused_and_the_rest_goes_on()
    {
        // The output is per million where everything else is per thousand.
        var plan = Plan(LiteLlmModel("""
            "input_cost_per_token": 2.5e-08, "output_cost_per_token": 1e-05, "input_cost_per_request": 0.01
            """));

        Assert.Equal(2, plan.Lines(ImportFindingKind.Refused).Length);
        Assert.Equal(["requests"], Assert.Single(plan.New).Card.Rates.Select(rate => rate.Unit));
    }

    [Theory]
    [InlineData("0.25", "10")]
    [InlineData("250", "100 (cents for dollars?)")]
    [InlineData("0.0025", "1000 (per thousand for per token, or per million for per thousand?)")]
    public void A_factor_of_a_power_of_ten_from_the_book_in_force_is_named_and_refused(string price, string factor)
    {
        var book = Cards("  - id: a\n    match: [m]\n    rates: { input_tokens: 2.50 per 1M, output_tokens: 10 per 1M }\n");

        var plan = PlanOver(book, ModelsDevModel($$"""{ "input": {{price}}, "cache_read": 0.2 }"""));

        var refused = plan.Lines(ImportFindingKind.Refused)[0];
        Assert.StartsWith($"acme/m.cost.input: input_tokens is {price} per 1M here and 2.5 per 1M in card a in force", refused);
        Assert.EndsWith($"a factor of {factor}", refused);
    }

    [Fact]
    public void One_source_against_one_neither_is_believed()
    {
        var plan = Plan(ModelsDevModel("""{ "input": 2.5, "output": 10 }"""),
            LiteLlmModel("\"input_cost_per_token\": 2.5e-09, \"output_cost_per_token\": 1e-08"));

        Assert.Empty(plan.New);
        Assert.Equal(4, plan.Lines(ImportFindingKind.Refused).Length);
        Assert.All(plan.Lines(ImportFindingKind.Refused), line => Assert.Contains("a factor of 1000 ", line));
    }

    [Fact]
    public void One_source_against_two_is_the_one_that_is_wrong()
    {
        var plan = Plan(ModelsDevModel("""{ "input": 2.5 }"""), GenAiModel("""{ "input_mtok": 250 }"""),
            LiteLlmModel("\"input_cost_per_token\": 2.6e-06"));

        Assert.StartsWith("acme/m.prices.input_mtok: ", Assert.Single(plan.Lines(ImportFindingKind.Refused)));
        Assert.Equal("2.6", plan.Book().Million("input_tokens"));
    }

    [Fact]
    public void A_zero_is_no_price_unless_the_command_allows_it()
    {
        var file = LiteLlmModel("\"input_cost_per_token\": 0.0, \"output_cost_per_token\": 0, \"input_cost_per_request\": 0.01");
        var plan = Plan(file);
        var allowed = Sound(RateImport.Plan(Over("", file) with { Free = ["other/*", "ACME/m*"] }));

        Assert.Equal(2, plan.Findings.CountOf(ImportFindingKind.NoPrice));
        Assert.Null(plan.Book().Million("input_tokens"));
        Assert.Equal(["input_tokens", "output_tokens", "requests"], allowed.New[0].Card.Rates.Select(rate => rate.Unit));
        Assert.All(allowed.New[0].Card.Rates.Take(2), rate => Assert.True(rate.Amount.IsZero));
        Assert.Equal(0, allowed.Findings.CountOf(ImportFindingKind.NoPrice));
    }

    [Fact]
    public void A_zero_above_a_threshold_leaves_the_whole_model_without_a_price()
    {
        var plan = Plan(LiteLlmModel("\"input_cost_per_token\": 1e-06, \"input_cost_per_token_above_128k_tokens\": 0"));

        Assert.Empty(plan.New);
        Assert.StartsWith("acme/m: a threshold", Assert.Single(plan.Lines(ImportFindingKind.NotExpressible)));
    }

    [Fact]
    public void Odd_but_possible_prices_are_used_with_a_warning()
    {
        var plan = Plan(LiteLlmModel("""
            "input_cost_per_token": 2e-06, "output_cost_per_token": 1e-06, "cache_read_input_token_cost": 3e-06,
            "cache_creation_input_token_cost": 1e-06, "input_cost_per_token_batches": 3e-06, "input_cost_per_token_priority": 1e-06,
            "cache_creation_input_token_cost_above_1hr": 5e-07, "input_cost_per_token_above_200k_tokens": 1.00000000000000001e-06
            """));

        Assert.Equal(
        [
            "'1.00000000000000001e-06' looks like a rounding error of the source; used as it stands",
            "batch input_tokens is dearer than input_tokens",
            "cache_read_tokens is dearer than input_tokens",
            "cache_write_1h_tokens is cheaper than cache_write_tokens",
            "cache_write_tokens is cheaper than cache_read_tokens",
            "input_tokens above 200000 is cheaper than input_tokens",
            "output_tokens is cheaper than input_tokens",
            "priority input_tokens is cheaper than input_tokens",
        ], plan.Findings.Of(ImportFindingKind.Warning).Select(finding => finding.Reason).Order(StringComparer.Ordinal));
        Assert.Single(plan.New);
    }

    [Fact]
    public void A_line_in_a_wrong_unit_takes_the_token_prices_beside_it_along_unless_somebody_confirms_them()
    {
        // Both per thousand: only the output passes what a token can cost.
        const string fields = "\"input_cost_per_token\": 0.00015, \"output_cost_per_token\": 0.0015, \"input_cost_per_request\": 0.01";
        var alone = Plan(LiteLlmModel(fields));
        var confirmed = PlanOver(Cards("  - id: a\n    match: [other]\n    rates: { input_tokens: 1 per 1M }\n"),
            LiteLlmModel(fields), ModelsDevModel("""{ "input": 151 }"""));

        Assert.Equal(["requests"], Assert.Single(alone.New).Card.Rates.Select(rate => rate.Unit));
        Assert.Equal(
        [
            "acme/m.output_cost_per_token: output_tokens is 1500 per 1M, outside 0.0001 and 1000 per 1M: a mix-up of units",
            "acme/m.input_cost_per_token: input_tokens stands beside output_tokens, which is in a wrong unit, and nobody else confirms it",
        ], alone.Lines(ImportFindingKind.Refused));
        Assert.Equal(["input_tokens", "requests"], Assert.Single(confirmed.New).Card.Rates.Select(rate => rate.Unit));
    }

    [Fact]
    public void A_file_that_is_off_wherever_it_can_be_compared_is_not_believed_where_it_cannot()
    {
        var book = Cards(string.Concat("abc".Select(name =>
            $"  - id: {name}\n    match: [{name}]\n    rates: {{ input_tokens: 2.50 per 1M, output_tokens: 10 per 1M }}\n")));
        string Entry(char name, string input) => $$"""
            "acme/{{name}}": { "litellm_provider": "acme", "input_cost_per_token": {{input}}, "output_cost_per_token": 1e-3 }
            """;
        string File(params string[] entries) => $$"""{ {{string.Join(", ", entries)}} }""";

        var cents = PlanOver(book, LiteLlm(File(Entry('a', "2.5e-4"), Entry('b', "2.5e-4"), Entry('c', "2.5e-4"), Entry('d', "1e-4"))));
        var slips = PlanOver(book, LiteLlm(File(Entry('a', "2.5e-4"), Entry('b', "2.5e-4"), Entry('d', "1e-4"))));

        Assert.Empty(cents.New);
        Assert.Contains("acme/d: nobody confirms it, and 3 of 3 models of this file that others price too are off by a factor of "
            + "100 (cents for dollars?)", cents.Lines(ImportFindingKind.Refused));
        Assert.Equal("imported/acme/d", Assert.Single(slips.New).Card.Id);
        Assert.Contains("acme/d.input_cost_per_token: input_tokens is 100 per 1M, which is unusual, and nobody else says so; look at it "
            + "before it is used", slips.Lines(ImportFindingKind.Warning));
    }

    [Fact]
    public void Cached_tokens_in_cents_beside_input_in_dollars_are_refused()
    {
        var plan = Plan(LiteLlmModel("\"input_cost_per_token\": 1e-6, \"cache_read_input_token_cost\": 1e-5"));

        Assert.Equal(["input_tokens"], Assert.Single(plan.New).Card.Rates.Select(rate => rate.Unit));
        Assert.StartsWith("acme/m.cache_read_input_token_cost: cache_read_tokens is 10 per 1M beside 1 per 1M for input_tokens",
            Assert.Single(plan.Lines(ImportFindingKind.Refused)));
    }

    [Fact]
    public void A_price_said_twice_with_two_figures_is_none()
    {
        var field = Plan(LiteLlmModel("\"input_cost_per_token\": 1e-6, \"input_cost_per_token\": 9e-6, \"output_cost_per_token\": 2e-6"));
        var same = Plan(LiteLlmModel("\"input_cost_per_token_cache_hit\": 1e-7, \"cache_read_input_token_cost\": 1.0e-07"));
        var key = Plan(LiteLlm("""
            { "acme/m": { "litellm_provider": "acme", "input_cost_per_token": 1e-6 },
              "acme/m": { "litellm_provider": "acme", "input_cost_per_token": 9e-6 } }
            """));
        var model = Plan(ModelsDev("""{ "acme": { "models": { "m": { "cost": { "input": 1 } }, "m": { "cost": { "input": 9 } } } } }"""));

        Assert.Equal(["output_tokens"], Assert.Single(field.New).Card.Rates.Select(rate => rate.Unit));
        Assert.Contains("said twice with different prices", Assert.Single(field.Lines(ImportFindingKind.Refused)));
        Assert.Single(same.New);
        Assert.Empty(same.Lines(ImportFindingKind.Refused));
        Assert.Empty(key.New);
        Assert.Equal(["acme/m: the key stands twice; no entry of it is used"], key.Lines(ImportFindingKind.Refused));
        Assert.Empty(model.New);
        Assert.Equal(["acme/m: the model stands twice; no entry of it is used"], model.Lines(ImportFindingKind.Refused));
    }

    [Fact]
    public void What_only_holds_under_a_condition_is_told_when_the_ordinary_price_is_missing()
    {
        var batch = Plan(LiteLlmModel("\"input_cost_per_token_batches\": 1e-6"));
        var above = Plan(GenAiModel("""{ "input_mtok": { "tiers": [{ "start": 200000, "price": 5 }] }, "output_mtok": 10 }"""));

        Assert.Empty(batch.New);
        Assert.StartsWith("acme/m: no price for an ordinary call", Assert.Single(batch.Lines(ImportFindingKind.NotExpressible)));
        Assert.Null(above.Book().Million("input_tokens", count: 1000));
        Assert.Equal(["acme/m.prices.input_mtok.tiers[0]: input_tokens above 200000 has no price below: shorter prompts are unpriced"],
            above.Lines(ImportFindingKind.Warning));
    }

    [Fact]
    public void A_file_of_another_source_is_named_as_such()
    {
        var wrong = new[] { LiteLlm("""{ "acme": { "models": {} } }"""), ModelsDev("""{ "acme/m": { "litellm_provider": "acme" } }"""),
            GenAi("[1]"), LiteLlm("{}") };

        foreach (var file in wrong)
        {
            var fault = Assert.Throws<InvalidDataException>(() => Plan(file));
            Assert.StartsWith($"{file.Name} is not a file of {ImportSources.NameOf(file.Source)}: no ", fault.Message);
        }
    }
}
