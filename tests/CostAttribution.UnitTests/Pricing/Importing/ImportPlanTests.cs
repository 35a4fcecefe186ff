using CostAttribution.RateCards;
using CostAttribution.RateCards.Importing;
using static CostAttribution.UnitTests.Pricing.Importing.ImportKit;
using static CostAttribution.UnitTests.Pricing.PricingKit;

namespace CostAttribution.UnitTests.Pricing.Importing;

public class ImportPlanTests
{
    private static readonly string People = Cards("  - id: a\n    match: [m]\n    checked: 2026-11-01\n    rates: { input_tokens: 2 per 1M }\n");

    [Fact]
    public void Where_sources_differ_the_one_believed_first_is_used_and_both_are_recorded()
    {
        var files = new[] { ModelsDevModel("""{ "input": 2.5 }"""), LiteLlmModel("\"input_cost_per_token\": 3e-06") };
        var plan = Plan(files);
        var other = Sound(RateImport.Plan(Over("", files) with { Order = [ImportSource.ModelsDev] }));

        var said = Assert.Single(plan.Disagreements);
        Assert.Equal(("acme", "m", "input_tokens"), (said.Provider, said.Model, said.Line));
        Assert.Equal([new SourceValue("litellm", Day, "3 per 1M"), new SourceValue("models.dev", Day, "2.5 per 1M")], said.Values);
        Assert.Equal("3", plan.Book().Million("input_tokens"));
        var kept = Assert.Single(Assert.Single(plan.Book().Cards).Evidence.Disagreements);
        Assert.Equal(("models.dev acme/m", "input_tokens", "2.5 per 1M", Nanos(Day)),
            (kept.Source, kept.Price.Unit, ImportText.Price(kept.Price), kept.FetchedAtNanos));
        Assert.Contains("models.dev of 2026-11-20 says input_tokens 2.5 per 1M", plan.New[0].Note);
        Assert.Contains("believed in the order book, genai-prices, litellm, models.dev", plan.New[0].Note);
        Assert.Equal("2.5", other.Book().Million("input_tokens"));
    }

    [Fact]
    public void A_card_of_people_stands_and_the_difference_is_recorded()
    {
        var plan = PlanOver(People, LiteLlmModel("\"input_cost_per_token\": 3e-06, \"output_cost_per_token\": 9e-06"));

        Assert.Empty(plan.Cards);
        Assert.Equal(1, plan.Covered);
        Assert.Equal([new SourceValue("card a", "2026-11-01", "2 per 1M"), new SourceValue("litellm", Day, "3 per 1M")],
            Assert.Single(plan.Disagreements).Values);
    }

    [Fact]
    public void A_source_believed_before_the_book_prices_from_the_day_of_the_change_and_leaves_the_past()
    {
        var request = Over(People, LiteLlmModel("\"input_cost_per_token\": 3e-06")) with { Order = [ImportSource.LiteLlm] };
        var book = request.Book(Sound(RateImport.Plan(request)));

        Assert.Equal("2", book.Million("input_tokens", at: "2026-11-21T23:59:59Z"));
        Assert.Equal("3", book.Million("input_tokens", at: "2026-11-22"));
        Assert.Equal("2", book.Million("input_tokens", model: "m-2026-01-01"));
    }

    [Fact]
    public void The_same_rule_as_a_card_of_people_is_refused_by_name()
    {
        var people = Cards("  - id: a\n    match: [{ equals: m }]\n    rates: { input_tokens: 2 per 1M }\n");
        var plan = Sound(RateImport.Plan(Over(people, LiteLlmModel("\"input_cost_per_token\": 3e-06")) with { Order = [ImportSource.LiteLlm] }));

        Assert.Empty(plan.Cards);
        Assert.Equal(["acme/m: card 'a' in force has the same rule 'm'; correct that card, under its id and a later recorded_at"],
            plan.Lines(ImportFindingKind.Refused));
    }

    [Fact]
    public void What_a_card_of_people_said_of_the_past_is_not_overwritten()
    {
        var people = Cards("  - id: a\n    match: [m]\n    to: 2026-06-01\n    rates: { input_tokens: 2 per 1M }\n");
        var request = Over(people, LiteLlmModel("\"input_cost_per_token\": 3e-06"));
        var book = request.Book(Sound(RateImport.Plan(request)));

        Assert.Equal("2", book.Million("input_tokens", at: "2026-05-31"));
        Assert.Equal("3", book.Million("input_tokens", at: "2026-06-01"));
    }

    [Fact]
    public void An_imported_rule_that_is_stronger_by_its_form_is_kept_off_names_that_people_price()
    {
        var people = Cards("  - id: a\n    match: [{ glob: \"large-*-turbo\" }]\n    rates: { input_tokens: 2 per 1M }\n");
        var request = Over(people, GenAiModel("""{ "input_mtok": 3 }""", """{ "starts_with": "large-" }"""));
        var book = request.Book(Sound(RateImport.Plan(request)));

        Assert.Equal("2", book.Million("input_tokens", model: "large-9-turbo"));
        Assert.Equal("3", book.Million("input_tokens", model: "large-9"));
    }

    [Fact]
    public void A_model_whose_name_ends_in_a_date_is_a_model_of_its_own()
    {
        var request = Over("", ModelsDev("""
            { "acme": { "models": { "m": { "cost": { "input": 2 } }, "m@2026-01-01": { "cost": { "input": 3 } } } } }
            """));
        var first = Sound(RateImport.Plan(request));

        Assert.Equal("2", request.Book(first).Million("input_tokens"));
        Assert.Equal("3", request.Book(first).Million("input_tokens", model: "m@2026-01-01"));
        Assert.Equal(2, Sound(RateImport.Plan(request.After(first))).Unchanged);
    }

    [Fact]
    public void The_same_file_again_changes_nothing()
    {
        var request = Over(People, GenAi("""
            [{ "id": "acme", "models": [
              { "id": "x", "match": { "or": [{ "starts_with": "x" }, { "equals": "y" }] },
                "prices": [{ "prices": { "input_mtok": 8 } }, { "constraint": { "start_date": "2026-03-13" }, "prices": { "input_mtok": 6 } }] },
              { "id": "z", "match": { "equals": "z" }, "prices": { "input_mtok": { "base": 1, "tiers": [{ "start": 1000, "price": 2 }] } } }] }]
            """), LiteLlmModel("\"input_cost_per_token\": 3e-06, \"input_cost_per_token_flex\": 1.5e-06", "acme/y2"));
        var first = Sound(RateImport.Plan(request));
        var again = Sound(RateImport.Plan(request.After(first)));

        Assert.Equal(4, first.New.Count);
        Assert.Equal((0, 0, 0, 4), (again.Cards.Count, again.New.Count, again.Changed.Count, again.Unchanged));
        Assert.Empty(again.Texts);
    }

    [Fact]
    public void A_changed_price_begins_on_a_day_and_leaves_what_was_before()
    {
        var request = Over("", ModelsDevModel("""{ "input": 2, "output": 8 }"""));
        var first = Sound(RateImport.Plan(request));
        var later = request.After(first, ModelsDevModel("""{ "input": 1.5, "output": 8 }"""));
        var plan = Sound(RateImport.Plan(later));

        var change = Assert.Single(plan.Changed);
        Assert.Equal(("imported/acme/m@2026-11-23", "imported/acme/m", "2026-11-23"), (change.Id, change.Replaces, change.From));
        Assert.Equal([new LineChange("input_tokens", "2 per 1M", "1.5 per 1M", "-25.0 %")], change.Lines);
        var book = later.Book(plan);
        Assert.Equal("2", book.Million("input_tokens", at: "2026-11-22T23:59:59Z"));
        Assert.Equal("1.5", book.Million("input_tokens", at: "2026-11-23"));
        Assert.Empty(Sound(RateImport.Plan(later.After(plan))).Cards);
    }

    [Fact]
    public void A_correction_changes_the_past_too()
    {
        var request = Over("", ModelsDevModel("""{ "input": 2 }"""));
        var first = Sound(RateImport.Plan(request));
        var later = request.After(first, ModelsDevModel("""{ "input": 1.5 }""")) with { Correct = true };
        var plan = Sound(RateImport.Plan(later));

        Assert.Equal(("imported/acme/m", "", ""), plan.Changed.Select(change => (change.Id, change.Replaces, change.From)).Single());
        Assert.Equal("1.5", later.Book(plan).Million("input_tokens", at: "2025-01-01"));
    }

    [Fact]
    public void An_import_that_was_not_learnt_later_is_refused()
    {
        var request = Over("", ModelsDevModel("""{ "input": 2 }"""));
        var later = request.After(Sound(RateImport.Plan(request)), ModelsDevModel("""{ "input": 1.5 }"""))
            with { RecordedAtNanos = request.RecordedAtNanos };

        var plan = Sound(RateImport.Plan(later));

        Assert.Empty(plan.Cards);
        Assert.Equal(["acme/m: card 'imported/acme/m' was recorded at 2026-11-22; give a later --recorded-at"],
            plan.Lines(ImportFindingKind.Refused));
    }

    [Fact]
    public void A_model_that_left_the_file_is_told_and_stays_in_force()
    {
        var request = Over("", ModelsDev("""{ "acme": { "models": { "m": { "cost": { "input": 2 } }, "n": { "cost": { "input": 2 } } } } }"""));
        var later = request.After(Sound(RateImport.Plan(request)), ModelsDevModel("""{ "input": 2 }"""));

        var plan = Sound(RateImport.Plan(later));

        Assert.Equal(["imported/acme/n"], plan.Removed);
        Assert.Equal("2", later.Book(plan).Million("input_tokens", model: "n"));
    }

    [Fact]
    public void A_name_in_two_entries_is_priced_by_one()
    {
        var plan = Plan(GenAiModel("""{ "input_mtok": 8 }""", """{ "or": [{ "equals": "m" }, { "starts_with": "other" }] }"""),
            LiteLlmModel("\"input_cost_per_token\": 3e-06", "acme/other-1"), ModelsDevModel("""{ "input": 8 }"""));

        Assert.Equal("8", plan.Book().Million("input_tokens", model: "other-1"));
        Assert.Equal(2, plan.Covered);
        Assert.Single(plan.New);
    }

    [Fact]
    public void Written_cards_carry_their_source_and_their_days()
    {
        var request = Over("", LiteLlmModel("\"source\": \"https://acme.example/pricing\", \"input_cost_per_token\": 3e-06"));
        var card = Assert.Single(request.Book(Sound(RateImport.Plan(request))).Cards);

        Assert.Equal(("https://acme.example/pricing", Day, Nanos("2026-11-22")), (card.Source, card.Checked, card.RecordedAtNanos));
        Assert.Equal((request.Files[0].Catalogue, Nanos(Day)), (card.Evidence.Catalogue, card.Evidence.FetchedAtNanos));
    }

    [Fact]
    public void Images_of_a_size_are_a_unit_of_their_own()
    {
        var plan = Plan(LiteLlmModel("\"output_cost_per_image_2K\": 0.1"));

        Assert.Equal("100000", plan.Book().Million("images_2k"));
    }

    [Fact]
    public void Shipped_cards_are_left_alone()
    {
        var file = LiteLlm("""
            { "gpt-4o": { "litellm_provider": "openai", "input_cost_per_token": 9e-06 },
              "gpt-4o-2024-08-06": { "litellm_provider": "openai", "input_cost_per_token": 9e-06 },
              "deepseek/deepseek-chat": { "litellm_provider": "deepseek", "input_cost_per_token": 9e-07 } }
            """);
        var request = Over("", file) with { InForce = RateCardFiles.Shipped() };
        var book = request.Book(Sound(RateImport.Plan(request)));

        foreach (var (provider, model, at) in new[]
        {
            ("openai", "gpt-4o", "2026-11-25"), ("openai", "gpt-4o-2024-08-06", "2026-11-25"), ("deepseek", "deepseek-chat", "2025-03-01"),
        })
        {
            Assert.Equal(Shipped.CardFor(Call(provider, model, at), out _)?.Id, book.CardFor(Call(provider, model, at), out _)?.Id);
        }
    }

    private const string Dated = """
        [{ "prices": { "input_mtok": 20 } }, { "constraint": { "start_date": "2026-02-01" }, "prices": { "input_mtok": 2 } },
         { "constraint": { "start_date": "2027-01-01" }, "prices": { "input_mtok": 1.5 } }]
        """;

    [Fact]
    public void Of_a_source_with_dates_the_price_in_force_is_compared_not_the_one_announced()
    {
        var book = PlanOver(People, GenAiModel(Dated));
        var sources = Plan(GenAiModel(Dated), ModelsDevModel("""{ "input": 2 }"""));

        Assert.Empty(book.Disagreements);
        Assert.Empty(sources.Disagreements);
        Assert.Equal(["20", "2", "1.5"], new[] { "2026-01-15", "2026-11-25", "2027-01-02" }
            .Select(at => sources.Book().Million("input_tokens", at: at)));
        Assert.Contains("models.dev of 2026-11-20 agrees", sources.New.Single(card => card.Card.Id == "imported/acme/m@2026-02-01").Note);
    }

    [Fact]
    public void A_mix_up_of_units_is_found_beside_the_price_in_force_while_another_is_announced()
    {
        var plan = Plan(GenAiModel(Dated), ModelsDevModel("""{ "input": 200 }"""));

        // The price of long ago was ten times today's, and is not the fault of today's.
        Assert.Contains(plan.Lines(ImportFindingKind.Refused), line => line.StartsWith("acme/m.cost.input: input_tokens is 200 per 1M here "
            + "and 2 per 1M in genai-prices", StringComparison.Ordinal));
        Assert.DoesNotContain(plan.Lines(ImportFindingKind.Refused), line => line.Contains("prices[0]", StringComparison.Ordinal));
    }
}
