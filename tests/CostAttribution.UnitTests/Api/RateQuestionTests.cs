using System.Net;
using CostAttribution.RateCards;
using CostAttribution.Server.Commands;

namespace CostAttribution.UnitTests.Api;

/// <summary>Questions about rate cards: which, with which versions, and what they make of a call.</summary>
public sealed class RateQuestionTests
{
    private const string Cards = """
        format: 1
        provider: acme
        cards:
          - id: acme/m
            match: [m]
            recorded_at: 2026-01-01
            rates: { input_tokens: 2.50 per 1M, output_tokens: 10 per 1M, pages: 0.5 per 1K }
            thresholds: [{ above: 200000, rates: { input_tokens: 5 per 1M } }]
            tiers: { batch: { factor: "0.5" } }
            regions: { eu: { factor: "1.1" } }
          - { id: acme/m, match: [m], recorded_at: 2026-02-01, rates: { input_tokens: 2.00 per 1M, output_tokens: 8 per 1M } }
          - { id: deal, layer: contract, match: [m], list_factor: "0.8", scope: { customers: [globex] }, recorded_at: 2026-01-01 }
          - { id: old, match: [old], to: 2026-01-01, recorded_at: 2025-01-01, rates: { input_tokens: 1 per 1M } }
        withdrawals:
          - { id: old, recorded_at: 2026-03-01, reason: never sold }
        """;

    [Theory]
    [InlineData("provider=acme&model=m&at=2026-02-10", "acme/m", "2.000000000000", "2.000000000000")]
    [InlineData("provider=acme&model=m&at=2026-02-10&knownAt=2026-01-15", "acme/m", "2.500000000000", "2.500000000000")]
    [InlineData("provider=acme&model=m&at=2026-02-10&knownAt=2026-01-15&tier=batch&region=eu", "acme/m", "1.375000000000", "1.375000000000")]
    [InlineData("provider=acme&model=m&at=2026-02-10&customer=globex", "deal", "1.600000000000", "2.000000000000")]
    [InlineData("provider=acme&model=M-2026-01-01", "acme/m", "2.000000000000", "2.000000000000")]
    public async Task A_call_is_resolved_as_costing_would(string query, string card, string input, string list)
    {
        await using var host = await HostAsync();

        var (status, body) = await host.GetAsync($"/api/v1/rates/resolve?{query}");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal((card, "none"), ((string?)body["card"]!["id"], (string?)body["gap"]));
        var price = body["prices"]!.AsArray().Single(price => (string?)price!["unit"] == "input_tokens")!;
        Assert.Equal((input, list, 1_000_000), ((string?)price["cost"], (string?)price["listCost"], (int)price["per"]!));
    }

    [Theory]
    [InlineData("provider=acme&model=x", "noCard")]
    [InlineData("provider=acme&model=old&at=2026-02-01&knownAt=2026-02-01", "noRateAtTime")]
    [InlineData("provider=acme&model=old&at=2025-06-01", "noCard")]
    [InlineData("provider=acme&model=m&tier=flex", "tierNotOnCard")]
    [InlineData("provider=acme&model=m&knownAt=2024-01-01", "noCard")]
    public async Task A_call_without_a_card_says_why(string query, string gap)
    {
        await using var host = await HostAsync();

        var (_, body) = await host.GetAsync($"/api/v1/rates/resolve?{query}");

        Assert.Equal((gap, true), ((string?)body["gap"], body["card"] is null));
    }

    [Fact]
    public async Task A_card_is_shown_whole_with_all_its_versions()
    {
        await using var host = await HostAsync();

        var (_, before) = await host.GetAsync("/api/v1/rates/acme%2Fm?knownAt=2026-01-15");
        var (_, now) = await host.GetAsync("/api/v1/rates/acme/m");
        var (_, gone) = await host.GetAsync("/api/v1/rates/old");
        var (missing, _) = await host.GetAsync("/api/v1/rates/acme/nothing");

        Golden.Matches("rate_card.json", ApiHost.Indented(before));
        Assert.Equal("2 per 1M", ((string?)now["card"]!["rates"]!["input_tokens"])!.Replace("2.00", "2", StringComparison.Ordinal));
        Assert.Equal(2, now["history"]!.AsArray().Count);
        Assert.Equal((true, "never sold"), (gone["card"] is null, (string?)gone["history"]![1]!["withdrawn"]));
        Assert.Equal(HttpStatusCode.NotFound, missing);
    }

    [Theory]
    [InlineData("", 2, "acme/m deal")]
    [InlineData("knownAt=2026-01-15", 3, "acme/m deal old")]
    [InlineData("knownAt=2026-01-15&at=2026-01-01", 2, "acme/m deal")]
    [InlineData("knownAt=2026-01-15&model=old", 1, "old")]
    [InlineData("provider=Acme&limit=1", 2, "acme/m")]
    [InlineData("seller=openrouter", 0, "")]
    public async Task Cards_are_listed_as_of_and_as_known_at(string query, int count, string ids)
    {
        await using var host = await HostAsync();

        var (status, body) = await host.GetAsync($"/api/v1/rates?{query}");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal((count, ids), ((int)body["count"]!,
            string.Join(' ', body["cards"]!.AsArray().Select(card => (string?)card!["id"]))));
    }

    [Theory]
    [InlineData("rates/resolve?model=m", "provider")]
    [InlineData("rates/resolve?provider=acme", "model")]
    [InlineData("rates/resolve?provider=acme&model=m&at=yesterday", "at")]
    [InlineData("rates?knownAt=2026-13-01", "knownAt")]
    [InlineData("rates?modle=x", "modle")]
    public async Task A_question_that_makes_no_sense_is_refused(string query, string field)
    {
        await using var host = await HostAsync();

        var (status, body) = await host.GetAsync($"/api/v1/{query}");

        Assert.Equal((HttpStatusCode.BadRequest, field), (status, (string?)body["errors"]![0]!["field"]));
    }

    [Fact]
    public async Task A_time_at_which_the_cards_contradicted_each_other_is_told_so()
    {
        await using var host = await HostAsync("""
            format: 1
            provider: acme
            cards:
              - { id: a, match: [m], recorded_at: 2026-01-01, rates: { pages: 1 per 1 } }
              - { id: b, match: [m], recorded_at: 2026-01-01, rates: { pages: 2 per 1 } }
              - { id: b, match: [n], recorded_at: 2026-02-01, rates: { pages: 2 per 1 } }
            """);

        var (status, body) = await host.GetAsync("/api/v1/rates?knownAt=2026-01-15");

        Assert.Equal((HttpStatusCode.BadRequest, "knownAt"), (status, (string?)body["errors"]![0]!["field"]));
        Assert.Contains("contradicted", (string?)body["detail"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_shows_a_card_and_what_prices_a_model()
    {
        await using var host = await HostAsync();

        var card = await PrintedAsync(host, "acme/m", "--known-at", "2026-01-15");
        var model = await PrintedAsync(host, "--provider", "acme", "--model", "m", "--customer", "globex");
        var none = await PrintedAsync(host, "--provider", "acme", "--model", "x");

        Assert.Contains("  input_tokens 2.5 per 1M", card, StringComparison.Ordinal);
        Assert.Contains("  above 200000 (whole): input_tokens 5 per 1M", card, StringComparison.Ordinal);
        Assert.Contains("  tier batch: factor 0.5", card, StringComparison.Ordinal);
        Assert.Matches(@"learnt 2026-02-01T00:00:00Z: input_tokens 2 per 1M", card);
        Assert.Matches(@"input_tokens +\$1\.60+ +\$2\.0+ +per 1000000", model);
        Assert.StartsWith("no card prices it: noCard", none, StringComparison.Ordinal);
    }

    private static async Task<string> PrintedAsync(ApiHost host, params string[] args)
    {
        var text = new StringWriter();
        Assert.Equal(0, await CommandTree.RunAsync(["rates", "show", .. args, "--server", host.Client.BaseAddress!.ToString()], text));
        return text.ToString();
    }

    private static async Task<ApiHost> HostAsync(string cards = Cards)
    {
        var host = await ApiHost.StartAsync();
        var loaded = RateCardLoader.Load([("cards.yaml", cards)]);
        Assert.True(loaded.IsSound, loaded.FaultText);
        host.Catalogue = loaded.Catalogue;
        return host;
    }
}
