using CostAttribution.RateCards.Importing;
using static CostAttribution.UnitTests.Pricing.Importing.ImportKit;

namespace CostAttribution.UnitTests.Pricing.Importing;

public class LiteLlmImportTests
{
    [Theory]
    [InlineData("input_cost_per_token", "input_tokens")]
    [InlineData("output_cost_per_token", "output_tokens")]
    [InlineData("output_cost_per_reasoning_token", "reasoning_tokens")]
    [InlineData("citation_cost_per_token", "citation_tokens")]
    [InlineData("cache_creation_input_token_cost", "cache_write_tokens")]
    [InlineData("cache_creation_input_token_cost_above_1hr", "cache_write_1h_tokens")]
    [InlineData("cache_read_input_token_cost", "cache_read_tokens")]
    [InlineData("input_cost_per_token_cache_hit", "cache_read_tokens")]
    [InlineData("cache_read_input_audio_token_cost", "audio_cache_read_tokens")]
    [InlineData("cache_read_input_image_token_cost", "image_cache_read_tokens")]
    [InlineData("cache_creation_input_audio_token_cost", "audio_cache_write_tokens")]
    [InlineData("input_cost_per_audio_token", "audio_input_tokens")]
    [InlineData("output_cost_per_audio_token", "audio_output_tokens")]
    [InlineData("input_cost_per_image_token", "image_input_tokens")]
    [InlineData("output_cost_per_image_token", "image_output_tokens")]
    [InlineData("input_cost_per_video_token", "video_input_tokens")]
    [InlineData("output_cost_per_video_token", "video_output_tokens")]
    [InlineData("input_cost_per_character", "characters")]
    [InlineData("output_cost_per_character", "output_characters")]
    public void A_price_of_a_small_unit_becomes_one_per_million(string name, string unit)
    {
        var plan = Plan(LiteLlmModel($"\"{name}\": 2.5e-06"));

        Assert.Equal($"{unit} 2.5 per 1M", RatesOf(plan));
        Assert.Equal("2.5", plan.Book().Million(unit));
    }

    [Theory]
    [InlineData("output_cost_per_image", "images")]
    [InlineData("output_cost_per_image_1024", "images_1024")]
    [InlineData("output_cost_per_image_4K", "images_4k")]
    [InlineData("input_cost_per_image", "input_images")]
    [InlineData("input_cost_per_request", "requests")]
    [InlineData("input_cost_per_audio_per_second", "audio_seconds")]
    [InlineData("output_cost_per_video_per_second", "video_output_seconds")]
    [InlineData("output_cost_per_second_720p", "video_output_seconds_720p")]
    [InlineData("input_cost_per_second", "seconds")]
    [InlineData("input_cost_per_query", "search_units")]
    [InlineData("google_maps_grounding_cost_per_query", "map_searches")]
    [InlineData("code_interpreter_cost_per_session", "code_interpreter_sessions")]
    [InlineData("ocr_cost_per_page", "pages")]
    [InlineData("annotation_cost_per_page", "annotated_pages")]
    public void A_price_of_a_large_unit_stays_one_per_unit(string name, string unit) =>
        Assert.Equal($"{unit} 0.03 per 1", RatesOf(Plan(LiteLlmModel($"\"{name}\": 0.03"))));

    [Theory]
    [InlineData("audio_transcription", "input_cost_per_second", "audio_seconds")]
    [InlineData("video_generation", "output_cost_per_second", "video_output_seconds")]
    [InlineData("audio_speech", "output_cost_per_second", "audio_output_seconds")]
    [InlineData("search", "input_cost_per_query", "web_searches")]
    public void What_a_second_or_a_query_is_follows_from_the_mode(string mode, string field, string unit)
    {
        var plan = Plan(LiteLlm($$"""{ "m": { "litellm_provider": "acme", "mode": "{{mode}}", "{{field}}": 0.01 } }"""));

        Assert.Equal($"{unit} 0.01 per 1", RatesOf(plan));
    }

    [Fact]
    public void Storage_is_priced_by_the_byte_hours_of_a_gigabyte_day() =>
        Assert.Equal("storage_byte_hours 0.1 per 24B", RatesOf(Plan(LiteLlmModel("\"vector_store_cost_per_gb_per_day\": 0.1"))));

    [Fact]
    public void Thresholds_and_tiers_are_read_from_the_ends_of_field_names()
    {
        var book = Plan(LiteLlmModel("""
            "input_cost_per_token": 2e-06, "input_cost_per_token_above_200k_tokens": 4e-06,
            "input_cost_per_token_priority": 3.5e-06, "input_cost_per_token_above_200k_tokens_priority": 7e-06,
            "cache_creation_input_token_cost_above_1hr": 4e-06, "cache_creation_input_token_cost_above_1hr_above_200k_tokens": 8e-06
            """)).Book();

        Assert.Equal("0.4", book.Million("input_tokens", count: 200_000));
        Assert.Equal("0.800004", book.Million("input_tokens", count: 200_001));
        Assert.Equal("0.35", book.Million("input_tokens", tier: "priority", count: 100_000));
        Assert.Equal("7", book.Million("input_tokens", tier: "priority"));
        Assert.Equal("8", book.Million("cache_write_1h_tokens"));
    }

    [Fact]
    public void A_tier_that_is_silent_above_a_threshold_is_left_unpriced()
    {
        var plan = Plan(LiteLlmModel("""
            "input_cost_per_token": 2e-06, "input_cost_per_token_above_200k_tokens": 4e-06, "input_cost_per_token_flex": 1e-06
            """));

        Assert.Null(plan.Book().Million("input_tokens", tier: "flex", count: 10));
        Assert.Equal(["acme/m: tier 'flex' is left unpriced: it says nothing above a threshold"], plan.Lines(ImportFindingKind.NotExpressible));
    }

    [Theory]
    [InlineData("azure/gpt-4o", "azure", "azure.ai.openai", "gpt-4o", "")]
    [InlineData("azure_ai/grok-4", "azure_ai", "azure.ai.inference", "grok-4", "")]
    [InlineData("vertex_ai/claude-sonnet-4-5@20250929", "vertex_ai-anthropic_models", "gcp.vertex_ai", "claude-sonnet-4-5@20250929", "")]
    [InlineData("gemini/gemini-2.5-pro", "gemini", "gcp.gen_ai", "gemini-2.5-pro", "")]
    [InlineData("anthropic.claude-x-v1:0", "bedrock_converse", "aws.bedrock", "anthropic.claude-x-v1:0", "")]
    [InlineData("together_ai/meta-llama/Llama-3-70b", "together_ai", "together_ai", "meta-llama/llama-3-70b", "")]
    [InlineData("groq/openai/gpt-oss-120b", "groq", "groq", "gpt-oss-120b", "")]
    [InlineData("openrouter/openai/gpt-4o", "openrouter", "openai", "gpt-4o", "openrouter")]
    [InlineData("openrouter/qwen/qwen3-32b", "openrouter", "qwen", "qwen/qwen3-32b", "openrouter")]
    [InlineData("ft:gpt-4o-2024-08-06", "openai", "openai", "ft:gpt-4o-2024-08-06:org::id", "")]
    public void A_row_prices_the_calls_of_who_bills_and_nobody_elses(string key, string provider, string biller, string model, string seller)
    {
        var book = Plan(LiteLlm($$"""{ "{{key}}": { "litellm_provider": "{{provider}}", "input_cost_per_token": 1e-06 } }""")).Book();

        Assert.Equal("1", book.Million("input_tokens", biller, model, seller: seller));
        if (seller.Length > 0) Assert.Null(book.Million("input_tokens", biller, model));
        Assert.Null(book.Million("input_tokens", biller == "openai" ? "anthropic" : "openai", model, seller: seller));
    }

    [Fact]
    public void Rows_by_region_become_one_card_with_a_factor_or_prices_for_each()
    {
        var plan = Plan(LiteLlm("""
            {
              "azure/gpt-x": { "litellm_provider": "azure", "input_cost_per_token": 2e-06, "output_cost_per_token": 8e-06 },
              "azure/eu/gpt-x": { "litellm_provider": "azure", "input_cost_per_token": 2.2e-06, "output_cost_per_token": 8.8e-06 },
              "azure/us/gpt-x": { "litellm_provider": "azure", "input_cost_per_token": 2.2e-06, "output_cost_per_token": 9e-06 }
            }
            """));

        Assert.Single(plan.New);
        Assert.Equal("8.8", plan.Book().Million("output_tokens", "azure.ai.openai", "gpt-x", region: "eu"));
        Assert.Equal("8", plan.Book().Million("output_tokens", "azure.ai.openai", "gpt-x"));
        Assert.Equal("9", plan.Book().Million("output_tokens", "azure.ai.openai", "gpt-x", region: "us"));
        Assert.Equal("2.2", plan.Book().Million("input_tokens", "azure.ai.openai", "gpt-x", region: "us"));
        Assert.Empty(plan.Lines(ImportFindingKind.NotExpressible));
    }

    [Fact]
    public void A_surcharge_on_the_global_profile_is_the_factor_of_every_other_region()
    {
        var book = Plan(LiteLlm("""
            {
              "anthropic.claude-x-v1:0": { "litellm_provider": "bedrock", "input_cost_per_token": 3.3e-06 },
              "global.anthropic.claude-x-v1:0": { "litellm_provider": "bedrock", "input_cost_per_token": 3e-06 },
              "eu.anthropic.claude-x-v1:0": { "litellm_provider": "bedrock", "input_cost_per_token": 3.3e-06 }
            }
            """)).Book();

        foreach (var (region, price) in new[] { ("global", "3"), ("eu", "3.3"), ("", "3.3"), ("us-east-1", "3.3") })
            Assert.Equal(price, book.Million("input_tokens", "aws.bedrock", "anthropic.claude-x-v1:0", region: region));
    }

    [Fact]
    public void Reasoning_costs_what_output_costs_unless_it_is_priced_apart()
    {
        Assert.Equal("8", Plan(LiteLlmModel("\"output_cost_per_token\": 8e-06")).Book().Million("reasoning_tokens"));
        Assert.Equal("9", Plan(LiteLlmModel("\"output_cost_per_token\": 8e-06, \"output_cost_per_reasoning_token\": 9e-06")).Book()
            .Million("reasoning_tokens"));
    }

    [Fact]
    public void Multipliers_become_factors_of_region_and_tier()
    {
        var book = Plan(LiteLlmModel("""
            "input_cost_per_token": 1e-06, "regional_processing_uplift_multiplier_eu": 1.1,
            "provider_specific_entry": { "us": 1.2, "fast": 6.0, "moon": 2 }
            """)).Book();

        Assert.Equal("1.1", book.Million("input_tokens", region: "eu"));
        Assert.Equal("1.2", book.Million("input_tokens", region: "us"));
        Assert.Equal("6", book.Million("input_tokens", tier: "fast"));
    }

    [Fact]
    public void Tiered_prices_hold_for_the_whole_request_from_the_start_of_their_range()
    {
        var book = Plan(LiteLlmModel("""
            "tiered_pricing": [
              { "range": [0, 32000.0], "input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06 },
              { "range": [32000.0, 128000.0], "input_cost_per_token": 1.5e-06, "output_cost_per_token": 3e-06 }]
            """)).Book();

        Assert.Equal("0.032", book.Million("input_tokens", count: 32_000));
        Assert.Equal("0.0480015", book.Million("input_tokens", count: 32_001));
    }

    [Fact]
    public void Off_peak_prices_are_a_window_with_a_factor_or_with_prices()
    {
        var even = Plan(LiteLlmModel("""
            "input_cost_per_token": 2e-06, "output_cost_per_token": 4e-06, "off_peak_pricing":
            { "hours_utc": "16:30-00:30", "input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06 }
            """));
        var uneven = Plan(LiteLlmModel("""
            "input_cost_per_token": 2e-06, "output_cost_per_token": 4e-06, "off_peak_pricing":
            { "hours_utc": "16:30-00:30", "input_cost_per_token": 1e-06 }
            """));

        Assert.Equal("1", even.Book().Million("input_tokens", at: "2026-11-25T17:00:00Z"));
        Assert.Equal("1", even.Book().Million("input_tokens", at: "2026-11-25T00:29:00Z"));
        Assert.Equal("2", even.Book().Million("input_tokens", at: "2026-11-25T00:30:00Z"));
        Assert.Equal("1", uneven.Book().Million("input_tokens", at: "2026-11-25T17:00:00Z"));
        Assert.Equal("4", uneven.Book().Million("output_tokens", at: "2026-11-25T17:00:00Z"));
        Assert.Equal("2", uneven.Book().Million("input_tokens", at: "2026-11-25T12:00:00Z"));
    }

    [Theory]
    [InlineData("""{ "hours_utc": "00:00-00:00", "weekdays": ["sat", "Sunday"], "input_cost_per_token": 1e-06 }""",
        "2026-11-28T00:00:00Z", "2026-11-29T23:59:59Z", "2026-11-30T00:00:00Z")]
    [InlineData("""{ "windows": [{ "hours_utc": ["00:00-01:00", "10:00-00:00"], "weekdays": [1, 2, 3, 4, 5] }], "input_cost_per_token": 1e-06 }""",
        "2026-11-27T00:59:59Z", "2026-11-27T23:59:59Z", "2026-11-28T00:30:00Z")]
    [InlineData("""{ "weekday_timezone": "Asia/Shanghai", "windows": [{ "hours_utc": "15:00-17:00", "weekdays": [6] }], "input_cost_per_token": 1e-06 }""",
        "2026-11-27T16:30:00Z", "2026-11-28T15:59:59Z", "2026-11-28T16:30:00Z")]
    public void Off_peak_days_are_those_of_the_zone_at_the_hour(string offPeak, string first, string last, string after)
    {
        var book = Plan(LiteLlmModel($"\"input_cost_per_token\": 2e-06, \"off_peak_pricing\": {offPeak}")).Book();

        foreach (var (at, price) in new[] { (first, "1"), (last, "1"), (after, "2") }) Assert.Equal(price, book.Million("input_tokens", at: at));
    }

    [Theory]
    [InlineData("""{ "hours_utc": "00:00-00:00", "weekdays": [6], "weekday_timezone": "America/New_York", "input_cost_per_token": 1e-06 }""")]
    [InlineData("""{ "hours_utc": "nine to five", "input_cost_per_token": 1e-06 }""")]
    [InlineData("""{ "hours_utc": "00:00-06:00", "weekdays": [8], "input_cost_per_token": 1e-06 }""")]
    [InlineData("""{ "input_cost_per_token": 1e-06 }""")]
    public void Hours_that_cannot_be_told_leave_the_model_without_a_card(string offPeak)
    {
        var plan = Plan(LiteLlmModel($"\"input_cost_per_token\": 2e-06, \"off_peak_pricing\": {offPeak}"));

        Assert.Empty(plan.New);
        Assert.Equal(2, plan.Lines(ImportFindingKind.NotExpressible).Length);
    }

    [Fact]
    public void A_search_has_one_price_or_one_for_each_size_of_its_context()
    {
        Assert.Equal("web_searches 0.01 per 1", RatesOf(Plan(LiteLlmModel("""
            "search_context_cost_per_query": { "search_context_size_low": 0.01, "search_context_size_high": 0.01 }
            """))));
        Assert.Equal("web_searches_high 0.014 per 1, web_searches_low 0.006 per 1", RatesOf(Plan(LiteLlmModel("""
            "search_context_cost_per_query": { "search_context_size_low": 0.006, "search_context_size_high": 0.014 }
            """))));
        Assert.Contains("billed by prompt", Assert.Single(Plan(LiteLlmModel("""
            "web_search_billing_unit": "per_prompt", "search_context_cost_per_query": { "search_context_size_low": 0.006 }
            """)).Lines(ImportFindingKind.NotExpressible)));
    }

    [Fact]
    public void Nothing_is_dropped_in_silence()
    {
        var plan = Plan(LiteLlm("""
            {
              "sample_spec": { "input_cost_per_token": 0.0 },
              "acme/m": { "litellm_provider": "acme", "input_cost_per_token": 1e-06, "max_tokens": 8, "supports_vision": true,
                          "moon_cost_per_token": 1, "input_dbu_cost_per_token": 1e-05, "output_cost_per_token": "1e-06" },
              "acme/n": { "litellm_provider": "acme", "moon_cost_per_token": 1 },
              "acme/o": { "input_cost_per_token": 1e-06 },
              "acme/p": 7,
              "1024-x-1024/dall-e-9": { "litellm_provider": "openai", "input_cost_per_pixel": 1.9e-08 },
              "bedrock/us-east-1/1-month-commitment/anthropic.c": { "litellm_provider": "bedrock", "input_cost_per_second": 0.011 }
            }
            """));

        Assert.Equal(("moon_cost_per_token", 2, "acme/m.moon_cost_per_token"),
            plan.Findings.UnknownFields.Select(field => (field.Field, field.Count, field.Example)).Single());
        Assert.Equal(
        [
            "acme/m.input_dbu_cost_per_token: in Databricks units, not in US dollars",
            "1024-x-1024/dall-e-9: the image price of '1024-x-1024/dall-e-9' depends on size or quality, which a call does not tell",
            "bedrock/us-east-1/1-month-commitment/anthropic.c: provisioned capacity is posted per period, not per call",
        ], plan.Lines(ImportFindingKind.NotExpressible));
        Assert.Equal(
        [
            "acme/m.output_cost_per_token: a price must be a number",
            "acme/o: no litellm_provider, so nobody knows who bills",
            "acme/p: the entry is not an object",
        ], plan.Lines(ImportFindingKind.Refused));
        Assert.Equal("input_tokens 1 per 1M", RatesOf(plan));
    }

    [Theory]
    [InlineData("[]", "litellm.json is not a file of litellm: the file must be an object")]
    [InlineData("{ \"a\": ", "litellm.json is not a file of litellm: ")]
    [InlineData("{} {}", "litellm.json is not a file of litellm: ")]
    public void A_file_of_another_form_is_refused_as_a_whole(string json, string fault) =>
        Assert.StartsWith(fault, Assert.Throws<InvalidDataException>(() => Plan(LiteLlm(json))).Message);

    private static string RatesOf(ImportPlan plan) =>
        string.Join(", ", Assert.Single(plan.New).Card.Rates.Select(rate => $"{rate.Unit} {ImportText.Price(rate)}"));
}
