using System.Globalization;
using System.Net;
using CostAttribution.Api.Spans;
using CostAttribution.Domain.Usage;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using System.Text.Json;

namespace CostAttribution.UnitTests.Api;

public sealed class ExplainTests
{
    private const string Span = "00f067aa0ba902b7", Parent = "00000000000000a1", Root = "00000000000000a0";

    [Fact]
    public async Task A_corrected_span_is_explained_row_by_row()
    {
        await using var host = await ApiHost.StartAsync();
        host.Transport.Answer = (query, _) => Task.FromResult(
            query.Sql.Contains("FROM cost_ledger", StringComparison.Ordinal)
                ? StoreAnswers.LedgerLine(Id(1), Span, "0.00125")
                    + StoreAnswers.LedgerLine(Id(2), Span, "-0.00125", -1, Id(1), "late_parent", "reversal", 1_773_500_006_000)
                    + StoreAnswers.LedgerLine(Id(3), Span, "0.00125", reason: "late_parent", postedMillis: 1_773_500_006_000)
                : query.Sql.Contains("AND span_id", StringComparison.Ordinal)
                    ? StoreAnswers.SpanLine(Span, Parent, flags: "clamped")
                : StoreAnswers.SpanLine(Span, Parent) + StoreAnswers.SpanLine(Parent, Root) + StoreAnswers.SpanLine(Root));

        var (status, body) = await host.GetAsync($"/api/v1/spans/{StoreAnswers.Trace.ToUpperInvariant()}/{Span}/explain");

        Assert.Equal(HttpStatusCode.OK, status);
        Golden.Matches("explain_corrected.json", ApiHost.Indented(body));
    }

    [Fact]
    public async Task A_duplicate_without_rows_points_to_the_span_that_is_billed()
    {
        await using var host = await ApiHost.StartAsync();
        host.Transport.Answer = (query, _) => Task.FromResult(
            query.Sql.Contains("FROM spans", StringComparison.Ordinal) ? StoreAnswers.SpanLine(Span, Parent, "duplicate", Parent)
                : "");

        var (_, body) = await host.GetAsync($"/api/v1/spans/{StoreAnswers.Trace}/{Span}/explain");

        Assert.Equal("superseded", (string?)body["priceStatus"]);
        Assert.Equal($"/api/v1/spans/{StoreAnswers.Trace}/{Parent}/explain", (string?)body["supersededBy"]!["explain"]);
        Assert.Equal(1000, (long)body["reported"]!["input_tokens"]!);
        Assert.Equal("duplicate", (string?)body["reasons"]![0]!["code"]);
        Assert.Empty(body["rows"]!.AsArray());
    }

    [Fact]
    public void Every_flag_has_an_explanation_in_plain_words()
    {
        var texts = Enum.GetValues<SpanFlags>().Where(flag => flag != SpanFlags.None)
            .Select(flag => (Name: SpanFlagNames.NameOf(flag), Text: FlagTexts.For(SpanFlagNames.NameOf(flag)))).ToArray();

        foreach (var (name, text) in texts)
        {
            Assert.True(FlagTexts.Knows(name), name);
            Assert.EndsWith(".", text, StringComparison.Ordinal);
            Assert.DoesNotContain("_", text, StringComparison.Ordinal);
        }
        Assert.Equal(texts.Length, texts.Select(pair => pair.Text).Distinct().Count());
    }

    [Fact]
    public void Every_word_of_the_ledger_has_a_sentence_of_its_own()
    {
        var row = Row("1");
        string[] prices = [.. Words<PriceStatus>().Select(status => Text(row with { PriceStatus = status }, "price"))];
        string[] evidence =
            [.. Words<Evidence>()
            .Select(word => Text(row with { Attribution = row.Attribution with { CustomerEvidence = word } }, "customer"))];
        string[] ownership = [.. Words<Ownership>().Select(word => Text(row with { Ownership = word }, "ownership"))];
        string[] causes = [.. Words<PostingReason>().Select(word => SpanReasons.WhyOf(row with { Reason = word }))];

        foreach (var texts in new[] { prices, evidence, ownership, causes })
        {
            Assert.Equal(texts.Length, texts.Distinct().Count());
            Assert.DoesNotContain(texts, text => text.Contains("status is '", StringComparison.Ordinal)
                || text.Contains("found by '", StringComparison.Ordinal)
                    || text.Contains("because of '", StringComparison.Ordinal));
        }
        foreach (var kind in Words<EntryKind>()) Assert.NotEmpty(SpanReasons.WhyOf(row with { EntryKind = kind }));
    }

    [Theory]
    [InlineData("0.00125", 1000, "1.250000000000", true)]
    [InlineData("0.000000000001", 3, "0.000000333333", false)]
    [InlineData("0", 5, "0.000000000000", true)]
    [InlineData("1", 0, null, false)]
    public void The_unit_price_is_derived_from_the_row(string cost, long tokens, string? price, bool exact)
    {
        var row = Row(cost);
        row = row with { Usage = row.Usage with { InputTokens = tokens } };

        var input = PricedComponent.Of(row).FirstOrDefault(component => component.Component == "input");

        Assert.Equal(price, input?.UnitPrice?.ToString());
        Assert.Equal(exact, input is not null && input.Exact);
    }

    [Fact]
    public void An_unpriced_row_has_quantities_but_no_unit_price()
    {
        var row = Row("0") with { PriceStatus = "unpriced_model" };

        var input = Assert.Single(PricedComponent.Of(row));

        Assert.Equal(1000, input.Quantities["input_tokens"]);
        Assert.Null(input.UnitPrice);
    }

    [Fact]
    public void Several_other_units_share_a_cost_that_cannot_be_divided()
    {
        var row = Row("0");
        row = row with
        {
            Usage = row.Usage with { OtherUnits = new Dictionary<string, long> { ["images"] = 2, ["pages"] = 3 } },
            Components = row.Components with { Other = Money.Parse("5") },
        };

        var other = PricedComponent.Of(row).Single(component => component.Component == "other");

        Assert.Null(other.UnitPrice);
        Assert.Equal(1, other.UnitPricePer);
    }

    [Fact]
    public void A_reversal_is_shown_behind_what_it_takes_back_even_in_the_same_instant()
    {
        var first = Row("1") with { EntryId = Id(1) };
        var reversal = Row("-1") with { EntryId = Id(2), Corrects = Id(1), Sign = -1 };
        var second = Row("2") with { EntryId = Id(3) };

        var ordered = LedgerRows.InOrder([reversal, first, second]);

        Assert.Equal([Id(1), Id(2), Id(3)], ordered.Select(row => row.EntryId));
        Assert.Equal([Id(3)], LedgerRows.Standing(ordered).Select(row => row.EntryId));
    }

    [Fact]
    public void Rows_that_correct_each_other_in_a_circle_do_not_hang_the_answer()
    {
        var ordered =
            LedgerRows.InOrder([Row("1") with { EntryId = Id(1), Corrects = Id(2) },
            Row("1") with { EntryId = Id(2), Corrects = Id(1) }]);

        Assert.Equal(2, ordered.Count);
    }

    private static string Text(LedgerRow row, string topic) =>
        SpanReasons.Of(null, [row], ValueSources.None).First(reason => reason.Topic == topic).Text;

    private static IEnumerable<string> Words<TEnum>()
        where TEnum : struct, Enum =>
        Enum.GetNames<TEnum>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName);

    private static string Id(int number) => number.ToString("x32", CultureInfo.InvariantCulture);

    private static LedgerRow Row(string cost) => LedgerRows.Read(
        CostAttribution.Api.Reading.StoreReader.ReadRows(System.Text.Encoding.UTF8.GetBytes(StoreAnswers.LedgerLine(Id(1), Span,
            cost)))[0]);
}
