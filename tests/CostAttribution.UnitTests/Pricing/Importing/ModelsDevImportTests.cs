using CostAttribution.RateCards.Importing;
using static CostAttribution.UnitTests.Pricing.Importing.ImportKit;

namespace CostAttribution.UnitTests.Pricing.Importing;

public class ModelsDevImportTests
{
    [Fact]
    public void Every_price_is_per_million()
    {
        var book = Plan(ModelsDevModel("""
            { "input": 2.5, "output": 10, "reasoning": 12, "cache_read": 0.25, "cache_write": 3.125, "input_audio": 40, "output_audio": 80 }
            """)).Book();

        foreach (var (unit, price) in new[]
        {
            ("input_tokens", "2.5"), ("output_tokens", "10"), ("reasoning_tokens", "12"), ("cache_read_tokens", "0.25"),
            ("cache_write_tokens", "3.125"), ("audio_input_tokens", "40"), ("audio_output_tokens", "80"),
        }) Assert.Equal(price, book.Million(unit));
    }

    [Fact]
    public void Tiers_by_context_hold_and_the_older_block_counts_only_without_them()
    {
        var tiers = Plan(ModelsDevModel("""
            { "input": 5, "tiers": [{ "input": 10, "tier": { "type": "context", "size": 272000 } }], "context_over_200k": { "input": 9 } }
            """)).Book();
        var old = Plan(ModelsDevModel("""{ "input": 5, "context_over_200k": { "input": 9 } }""")).Book();

        Assert.Equal("1.3", tiers.Million("input_tokens", count: 260_000));
        Assert.Equal("3", tiers.Million("input_tokens", count: 300_000));
        Assert.Equal("2.7", old.Million("input_tokens", count: 300_000));
    }

    [Fact]
    public void A_tier_of_another_kind_leaves_the_model_without_a_card()
    {
        var plan = Plan(ModelsDevModel("""{ "input": 5, "tiers": [{ "input": 10, "tier": { "type": "moon", "size": 1 } }] }"""));

        Assert.Empty(plan.New);
        Assert.Equal("acme/m.cost.tiers[0]: not a tier by size of the context", plan.Lines(ImportFindingKind.NotExpressible)[0]);
    }

    [Fact]
    public void A_mode_is_a_service_tier_of_its_name()
    {
        var book = Plan(ModelsDev("""
            { "acme": { "models": { "m": { "cost": { "input": 5 }, "experimental": { "modes": { "fast": { "cost": { "input": 30 } } } } } } } }
            """)).Book();

        Assert.Equal("5", book.Million("input_tokens"));
        Assert.Equal("30", book.Million("input_tokens", tier: "fast"));
    }

    [Fact]
    public void A_cloud_is_not_the_maker_of_the_model_and_unknown_fields_are_counted()
    {
        var plan = Plan(ModelsDev("""
            { "google-vertex-anthropic": { "models": {
                "claude-x@default": { "cost": { "input": 3, "moon": 1 }, "moon": true },
                "claude-y@default": { "name": "no price" } } } }
            """));

        Assert.Equal("3", plan.Book().Million("input_tokens", "gcp.vertex_ai", "claude-x@default"));
        Assert.Null(plan.Book().Million("input_tokens", "anthropic", "claude-x@default"));
        Assert.Equal(["cost.moon", "models.moon"], plan.Findings.UnknownFields.Select(field => field.Field));
        Assert.Equal(["google-vertex-anthropic/claude-y@default: the model is listed without prices"], plan.Lines(ImportFindingKind.NoPrice));
    }
}
