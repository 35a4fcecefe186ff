using CostAttribution.RateCards.Importing;
using static CostAttribution.UnitTests.Pricing.Importing.ImportKit;
using static CostAttribution.UnitTests.Pricing.PricingKit;

namespace CostAttribution.UnitTests.Pricing.Importing;

public class PlausibilityTests
{
    [Theory]
    [InlineData("input_cost_per_token", "2.5", "input_tokens is 2500000 per 1M, outside 0.0001 and 1000 per 1M: a mix-up of units")]
    [InlineData("input_cost_per_token", "2.5e-12", "input_tokens is 0.0000025 per 1M, outside 0.0001 and 1000 per 1M: a mix-up of units")]
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
}
