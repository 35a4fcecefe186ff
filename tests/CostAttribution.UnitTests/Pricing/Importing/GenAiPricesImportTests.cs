using CostAttribution.RateCards.Importing;
using static CostAttribution.UnitTests.Pricing.Importing.ImportKit;

namespace CostAttribution.UnitTests.Pricing.Importing;

public class GenAiPricesImportTests
{
    [Theory]
    [InlineData("input_mtok", "input_tokens", 1_000_000)]
    [InlineData("output_text_mtok", "output_tokens", 1_000_000)]
    [InlineData("cache_read_mtok", "cache_read_tokens", 1_000_000)]
    [InlineData("cache_write_5m_mtok", "cache_write_tokens", 1_000_000)]
    [InlineData("cache_write_1h_mtok", "cache_write_1h_tokens", 1_000_000)]
    [InlineData("output_reasoning_mtok", "reasoning_tokens", 1_000_000)]
    [InlineData("cache_audio_read_mtok", "audio_cache_read_tokens", 1_000_000)]
    [InlineData("input_mchars", "characters", 1_000_000)]
    [InlineData("requests_kcount", "requests", 1_000)]
    [InlineData("web_searches_kcount", "web_searches", 1_000)]
    [InlineData("storage_searches_kcount", "file_searches", 1_000)]
    [InlineData("code_executions_kcount", "code_executions", 1_000)]
    [InlineData("input_document_kpages", "pages", 1_000)]
    [InlineData("input_annotated_document_kpages", "annotated_pages", 1_000)]
    [InlineData("audio_hours", "audio_seconds", 3_600)]
    [InlineData("output_audio_hours", "audio_output_seconds", 3_600)]
    public void Every_key_has_its_unit_and_its_quantity(string key, string unit, long per)
    {
        var rate = Assert.Single(Assert.Single(Plan(GenAiModel($$"""{ "{{key}}": 2.5 }""")).New).Card.Rates);

        Assert.Equal((unit, "2.5", per), (rate.Unit, ExactNumber.ToPlain(rate.Amount), rate.Per));
    }

    [Fact]
    public void A_tier_prices_the_whole_request_beyond_its_start()
    {
        var book = Plan(GenAiModel("""{ "input_mtok": { "base": 1.25, "tiers": [{ "start": 200000, "price": 2.5 }] } }""")).Book();

        Assert.Equal("0.25", book.Million("input_tokens", count: 200_000));
        Assert.Equal("0.5000025", book.Million("input_tokens", count: 200_001));
    }

    [Fact]
    public void A_price_from_a_date_on_is_a_card_of_its_own()
    {
        var plan = Plan(GenAiModel("""
            [{ "prices": { "input_mtok": 8 } },
             { "constraint": { "start_date": "2026-03-13", "type": "start_date" }, "prices": { "input_mtok": 6 } },
             { "constraint": { "start_date": "2026-06-01", "type": "start_date" }, "prices": { "input_mtok": 5 } }]
            """));

        Assert.Equal(["imported/acme/m", "imported/acme/m@2026-03-13", "imported/acme/m@2026-06-01"], plan.New.Select(card => card.Card.Id));
        foreach (var (day, price) in new[] { ("2026-03-12T23:59:59Z", "8"), ("2026-03-13", "6"), ("2026-06-01", "5") })
            Assert.Equal(price, plan.Book().Million("input_tokens", at: day));
    }

    [Fact]
    public void Hours_of_the_day_are_windows_with_a_factor()
    {
        var book = Plan(GenAiModel("""
            [{ "prices": { "input_mtok": 1, "output_mtok": 4 } },
             { "constraint": { "start_time": "22:00:00Z", "end_time": "02:00:00Z", "type": "time_of_date" },
               "prices": { "input_mtok": 0.5, "output_mtok": 2 } }]
            """)).Book();

        foreach (var (hour, price) in new[] { ("21:59", "1"), ("22:00", "0.5"), ("01:59", "0.5"), ("02:00", "1") })
            Assert.Equal(price, book.Million("input_tokens", at: $"2026-11-25T{hour}:00Z"));
    }

    [Fact]
    public void Hours_and_a_date_together_are_tried_last_to_first()
    {
        var plan = Plan(GenAiModel("""
            [{ "prices": { "input_mtok": 0.14, "output_mtok": 0.28 } },
             { "constraint": { "start_date": "2026-08-17" }, "prices": { "input_mtok": 0.22, "output_mtok": 0.66 } },
             { "constraint": { "start_time": "01:00:00Z", "end_time": "04:00:00Z" }, "prices": { "input_mtok": 0.44, "output_mtok": 1.32 } }]
            """));

        Assert.Equal(["imported/acme/m", "imported/acme/m@2026-08-17"], plan.New.Select(card => card.Card.Id));
        Assert.Equal("0.44", plan.Book().Million("input_tokens", at: "2026-11-25T01:00:00Z"));
        Assert.Equal("0.22", plan.Book().Million("input_tokens", at: "2026-11-25T04:00:00Z"));
        Assert.Equal("0.14", plan.Book().Million("input_tokens", at: "2026-08-16"));
        Assert.Equal("1.32", plan.Book().Million("output_tokens", at: "2026-08-16T03:59:59Z"));
    }

    [Theory]
    [InlineData("""{ "starts_with": "m-large" }""", "m-large-preview", true)]
    [InlineData("""{ "starts_with": "m-large" }""", "x-m-large", false)]
    [InlineData("""{ "ends_with": "-chat" }""", "m9-chat", true)]
    [InlineData("""{ "contains": "turbo" }""", "m-turbo-9", true)]
    [InlineData("""{ "contains": "turbo" }""", "reseller/m-turbo-9", false)]
    [InlineData("""{ "or": [{ "equals": "A" }, { "equals": "b" }] }""", "a", true)]
    [InlineData("""{ "and": [{ "starts_with": "m-" }, { "contains": "turbo" }] }""", "m-9-turbo-x", true)]
    [InlineData("""{ "and": [{ "starts_with": "m-" }, { "contains": "turbo" }] }""", "m-9", false)]
    [InlineData("""{ "and": [{ "starts_with": "m-9" }, { "regex": "^(?!.*-[tT][tT][sS](?:$|-))" }] }""", "m-9-pro", true)]
    [InlineData("""{ "and": [{ "starts_with": "m-9" }, { "regex": "^(?!.*-[tT][tT][sS](?:$|-))" }] }""", "m-9-tts", false)]
    [InlineData("""{ "regex": "^m-9-\\d{8}$" }""", "m-9-20260101", true)]
    [InlineData("""{ "regex": "^m-9-\\d{8}$" }""", "m-9", false)]
    [InlineData("""{ "regex": "-turbo-\\d+$" }""", "m-9-turbo-12", true)]
    [InlineData("""{ "regex": "^m-9\\.5-\\d{4}-\\d{2}-\\d{2}$" }""", "m-9.5-2026-01-01", true)]
    public void A_match_tree_selects_the_same_names_as_a_card(string match, string name, bool priced)
    {
        var book = Plan(GenAiModel("""{ "input_mtok": 1 }""", match, id: "the-id")).Book();

        Assert.Equal(priced ? "1" : null, book.Million("input_tokens", model: name));
        Assert.Equal("1", book.Million("input_tokens", model: "the-id"));
    }

    [Fact]
    public void A_match_that_no_rule_can_say_is_told_and_not_widened()
    {
        var plan = Plan(GenAiModel("""{ "input_mtok": 1 }""", """{ "or": [{ "regex": "^(?!m-x)m-" }, { "equals": "n" }] }"""));

        Assert.Equal([@"acme/m.match: no rule says 'regex ^(?!m-x)m-'; names that only it matches have no price"],
            plan.Lines(ImportFindingKind.NotExpressible));
        Assert.Null(plan.Book().Million("input_tokens", model: "m-1"));
        Assert.Equal("1", plan.Book().Million("input_tokens", model: "n"));
    }

    [Fact]
    public void The_first_model_that_matches_keeps_its_names_although_a_later_rule_is_more_specific()
    {
        var book = Plan(GenAi("""
            [{ "id": "acme", "models": [
              { "id": "mini", "match": { "contains": "mini" }, "prices": { "input_mtok": 1 } },
              { "id": "large", "match": { "starts_with": "gem-large" }, "prices": { "input_mtok": 9 } },
              { "id": "old", "match": { "starts_with": "gem" }, "prices": { "input_mtok": 5 } },
              { "id": "late", "match": { "equals": "gem-9" }, "prices": { "input_mtok": 7 } }] }]
            """)).Book();

        foreach (var (name, price) in new[] { ("gem-large-mini", "1"), ("gem-large-x", "9"), ("gem-x", "5"), ("gem-9", "5"), ("late", "7") })
            Assert.Equal(price, book.Million("input_tokens", model: name));
    }

    [Fact]
    public void A_gateways_model_is_priced_for_the_gateway_alone()
    {
        var plan = Plan(GenAi("""
            [{ "id": "openrouter", "models": [
              { "id": "openai/gpt-4o", "match": { "equals": "openai/gpt-4o" }, "prices": { "input_mtok": 2.5 } },
              { "id": "nobody", "match": { "equals": "nobody" }, "prices": { "input_mtok": 2.5 } }] }]
            """));

        Assert.Equal("2.5", plan.Book().Million("input_tokens", "openai", "gpt-4o", seller: "openrouter"));
        Assert.Null(plan.Book().Million("input_tokens", "openai", "gpt-4o"));
        Assert.Equal(["openrouter/nobody: seller 'openrouter' does not say whose model it is"], plan.Lines(ImportFindingKind.NotExpressible));
    }

    [Fact]
    public void What_the_file_has_and_the_reader_does_not_know_is_listed()
    {
        var plan = Plan(GenAi("""
            [{ "id": "acme", "moon": 1, "models": [
              { "id": "m", "match": { "equals": "m" }, "moon": 2, "prices": { "input_mtok": 1, "moon_mtok": 3 } },
              { "id": "n", "match": { "equals": "n" }, "prices": {} }, { "id": "o" }, {} ] }]
            """));

        Assert.Equal(["models.moon", "moon", "prices.moon_mtok"], plan.Findings.UnknownFields.Select(field => field.Field));
        Assert.Equal(["acme/n: the model is listed without prices"], plan.Lines(ImportFindingKind.NoPrice));
        Assert.Equal(["acme/o: the model lacks prices or match", "acme/[3]: the model has no id, or one that is too long"],
            plan.Lines(ImportFindingKind.Refused));
    }
}
