using System.Numerics;
using CostAttribution.Domain.Pricing;
using CostAttribution.RateCards;
using CostAttribution.RateCards.Importing;
using FsCheck;
using FsCheck.Fluent;
using static CostAttribution.UnitTests.Pricing.PricingKit;

namespace CostAttribution.UnitTests.Pricing.Importing;

public class CardYamlTests
{
    private static readonly long RecordedAt = Nanos("2026-11-22T12:00:01Z");

    private static readonly string[] Units = [.. RateUnits.All, "moons"];

    private static readonly Gen<Rational> Amount = from digits in Gen.Choose(0, int.MaxValue) from scale in Gen.Choose(0, 20)
                                                   select new Rational(digits, BigInteger.Pow(10, scale));

    private static readonly Gen<UnitPrice[]> Rates =
        from units in Gen.SubListOf(Units).Where(units => units.Count > 0)
        from amounts in Gen.ArrayOf(Amount, units.Count)
        from per in Gen.Elements(1L, 1_000L, 3_600L, 1_000_000L, 24_000_000_000L)
        select units.Zip(amounts, (unit, amount) => new UnitPrice(unit, amount, per)).ToArray();

    private static readonly Gen<ContextThreshold[]> Thresholds =
        from rates in Gen.ListOf(Rates)
        select rates.Take(3).Select((prices, at) => new ContextThreshold((at + 1) * 32_000L, ThresholdMode.Whole, prices)).ToArray();

    private static readonly Gen<string> Name = from letters in Gen.ArrayOf(Gen.Elements("abz09-_.:/@ \"\\#{}[]'&!%é€\t~".ToCharArray()))
                                               select $"m{new string(letters)}z";

    private static readonly Gen<TierPrice[]> Tiers =
        from names in Gen.SubListOf("batch", "flex", "priority", "ultra fast")
        from rates in Gen.ArrayOf(Rates, 4)
        from thresholds in Gen.ArrayOf(Thresholds, 4)
        from byFactor in Gen.Elements(true, false)
        select names.Select((name, at) => byFactor ? new TierPrice(name, new Rational(1, 2), [], [])
            : new TierPrice(name, Rational.One, rates[at], thresholds[at])).ToArray();

    private static readonly Gen<RateCard> Card =
        from rates in Rates
        from thresholds in Thresholds
        from tiers in Tiers
        from names in Gen.ListOf(Name)
        from factor in Amount
        from dated in Gen.Elements(true, false)
        from windowed in Gen.Elements(true, false)
        select new RateCard
        {
            Id = "", Providers = ["acme", "acme.eu"], Seller = dated ? "a seller" : "", Source = "https://acme.example/#prices: \"all\"",
            Checked = "2026-11-20", RecordedAtNanos = RecordedAt, Rates = rates, Thresholds = thresholds, Tiers = tiers,
            FromNanos = dated ? Nanos("2026-03-01") : long.MinValue, ToNanos = windowed ? Nanos("2026-05-01T06:00:00Z") : long.MaxValue,
            Match = [.. names.Select(name => new ModelRule(ModelRuleKind.Prefix, name)).Distinct(), new(ModelRuleKind.Glob, "*abc*d")],
            Except = [new(ModelRuleKind.Dated, "abc-d")],
            Regions = factor.IsZero ? []
                : [new("*", factor), new("eu", Rational.One) { Rates = rates, Thresholds = thresholds, Tiers = tiers }],
            Windows = !windowed ? []
                // A window prices nothing that a tier or a region prices too: that would be refused.
                : factor.IsZero && tiers.All(tier => tier.Rates.Count == 0 && tier.Thresholds.Count == 0)
                    ? [new(0, 90, factor, 0b001_1111), new(1_380, 1_440, Rational.One) { Rates = rates, Thresholds = thresholds }]
                    : [new(0, 90, factor, 0b001_1111)],
            Fallbacks = dated ? [new("reasoning_tokens", FallbackPolicy.SamePrice, "output_tokens")] : [],
            Order = windowed ? 1 : 0,
        };

    [Fact]
    public void Cards_that_were_written_are_loaded_as_they_were() => Prop.ForAll(Gen.ListOf(Card).ToArbitrary(), drawn =>
    {
        // Providers of their own keep the cards from contradicting each other.
        var cards = drawn.Select((card, at) => card with { Id = $"imported/acme{at}/\"x\" @{at}", Providers = [$"acme{at}", "acme.eu"] })
            .Select((card, at) => at == 0 ? card : card with { Providers = [$"acme{at}"] }).ToList();

        var texts = CardYaml.Write(cards.Select(card => new ImportedCard(card, ImportSource.LiteLlm, "key", "a \"note\": # of \\ people")),
            RecordedAt);
        var loaded = RateCardLoader.Load(texts.Select((text, at) => ($"{at}.yaml", text)));

        Assert.True(loaded.IsSound, loaded.FaultText);
        Assert.Equal(cards.OrderBy(card => card.Id, StringComparer.Ordinal).Select(Text), loaded.Book.Cards.Select(Text));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Many_cards_are_divided_over_files_that_the_loader_takes()
    {
        var note = new string('n', 590);
        var cards = Enumerable.Range(0, 12_000).Select(at => new ImportedCard(new RateCard
        {
            Id = $"imported/acme/m{at}", Providers = ["acme"], Match = [new(ModelRuleKind.Equals, $"m{at}")],
            Rates = [new UnitPrice("input_tokens", Rational.One, 1_000_000)],
        }, ImportSource.LiteLlm, "key", note));

        var texts = CardYaml.Write(cards, RecordedAt);

        Assert.True(texts.Count > 1);
        Assert.All(texts, text => Assert.True(text.Length < RateCardLoader.FileCharsMax));
        Assert.Equal(12_000, RateCardLoader.Load(texts.Select((text, at) => ($"{at}.yaml", text))).Book?.Cards.Count);
    }

    /// <summary>Everything of a card but its place.</summary>
    private static string Text(RateCard card)
    {
        string Prices(IReadOnlyList<UnitPrice> rates) => string.Join(",", rates.Select(rate => rate.ToString()));
        string Bands(IReadOnlyList<ContextThreshold> bands) =>
            string.Join(",", bands.Select(band => $"{band.Above} {band.Mode} {Prices(band.Rates)}"));

        string Tiers(IReadOnlyList<TierPrice> tiers) =>
            string.Join(",", tiers.Select(tier => $"{tier.Tier} {tier.Factor} {Prices(tier.Rates)} {Bands(tier.Thresholds)}"));

        return string.Join('|', card.Id, card.Order, string.Join(",", card.Fallbacks), string.Join(",", card.Providers), card.Seller,
            card.Layer, card.Currency, card.FromNanos,
            card.ToNanos, card.RecordedAtNanos, card.Free, card.Source, card.Checked, string.Join(",", card.Match),
            string.Join(",", card.Except), Prices(card.Rates), Bands(card.Thresholds),
            Tiers(card.Tiers), string.Join(",", card.Regions.Select(region =>
                $"{region.Region} {region.Factor} {Prices(region.Rates)} {Bands(region.Thresholds)} {Tiers(region.Tiers)}")),
            string.Join(",", card.Windows.Select(window => $"{window.FromMinute} {window.ToMinute} {window.Days} {window.Factor} "
                + $"{Prices(window.Rates)} {Bands(window.Thresholds)}")));
    }
}
