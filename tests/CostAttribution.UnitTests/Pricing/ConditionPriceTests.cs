using System.Globalization;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;
using CostAttribution.RateCards;
using FsCheck;
using FsCheck.Fluent;
using static CostAttribution.UnitTests.Pricing.PricingKit;

namespace CostAttribution.UnitTests.Pricing;

public class ConditionPriceTests
{
    private static readonly UsageVector Usage = new() { InputTokens = 1_000_000, OutputTokens = 1_000_000 };

    private const string Base = "  - id: a\n    match: [m]\n    rates: { input_tokens: 2 per 1M, output_tokens: 10 per 1M }\n";

    private static Money CostOf(RateBook book, PricingRequest call) => book.Price(in call, in Usage).Cost;

    [Fact]
    public void A_region_replaces_rates_and_with_them_all_thresholds_of_the_card()
    {
        var book = Book(Base + "    thresholds: [{ above: 5, rates: { input_tokens: 100 per 1M } }]\n"
            + "    tiers: { batch: { factor: \"0.5\" } }\n"
            + "    regions:\n      eu: { rates: { input_tokens: 3 per 1M }, thresholds: [] }\n"
            + "      us: { factor: \"1.1\" }\n"
            + "      jp: { rates: { input_tokens: 3 per 1M }, thresholds: [{ above: 7, rates: { output_tokens: 20 per 1M } }] }\n");

        Assert.Equal(Usd("110"), CostOf(book, Call("acme", "m")));
        Assert.Equal(Usd("13"), CostOf(book, Call("acme", "m", region: "EU")));
        Assert.Equal(Usd("6.5"), CostOf(book, Call("acme", "m", region: "eu", tier: "batch")));
        Assert.Equal(Usd("121"), CostOf(book, Call("acme", "m", region: "us")));
        Assert.Equal(Usd("23"), CostOf(book, Call("acme", "m", region: "jp")));
    }

    [Fact]
    public void A_region_may_have_tiers_of_its_own()
    {
        var book = Book(Base + "    tiers: { priority: { rates: { input_tokens: 4 per 1M } } }\n"
            + "    regions: { eu: { rates: { input_tokens: 3 per 1M }, tiers: { priority: { rates: { input_tokens: 7 per 1M } } } } }\n");

        Assert.Equal(Usd("14"), CostOf(book, Call("acme", "m", tier: "priority")));
        Assert.Equal(Usd("13"), CostOf(book, Call("acme", "m", region: "eu")));
        Assert.Equal(Usd("17"), CostOf(book, Call("acme", "m", region: "eu", tier: "priority")));
        Assert.Equal(PriceStatus.UnpricedModel, book.Price(Call("acme", "m", region: "eu", tier: "flex"), in Usage).Status);
    }

    [Fact]
    public void Geography_endpoint_and_request_flags_change_the_price_together()
    {
        var book = Book(Base + "    geographies: { us: { factor: \"1.5\" }, unknown: { factor: \"1\" }, \"*\": { factor: \"3\" } }\n"
            + "    endpoints: { dedicated: { rates: { input_tokens: 4 per 1M } } }\n"
            + "    request_flags: { fast: { factor: \"2\" }, hd: { rates: { output_tokens: 20 per 1M } } }\n");

        Assert.Equal(Usd("12"), With("", ""));
        Assert.Equal(Usd("18"), With("US", ""));
        Assert.Equal(Usd("36"), With("mars", ""));
        Assert.Equal(Usd("14"), With("", "dedicated"));
        Assert.Equal(Usd("12"), With("", "shared"));
        Assert.Equal(Usd("24"), With("", "", "fast", "unheard-of"));
        Assert.Equal(Usd("72"), With("us", "dedicated", "hd", "fast"));

        Money With(string geography, string endpoint, params string[] flags) =>
            CostOf(book, Call("acme", "m") with { Traits = book.TraitsOf(geography, endpoint, flags) });
    }

    [Fact]
    public void Two_conditions_that_both_say_what_a_unit_costs_are_refused()
    {
        var loaded = RateCardLoader.Load([("f", Cards(Base + "    tiers: { fast: { rates: { input_tokens: 4 per 1M } } }\n"
            + "    regions: { eu: { rates: { input_tokens: 3 per 1M } } }\n"))]);

        Assert.Equal((RateCardFaultKind.Contradiction, 4), (Assert.Single(loaded.Faults).Kind, loaded.Faults[0].Line));
    }

    [Theory]
    [InlineData("2026-01-05T22:59:59Z", "12")] // Monday 23:59:59 in Berlin, winter
    [InlineData("2026-01-05T23:00:00Z", "6")]  // Tuesday 00:00
    [InlineData("2026-01-06T04:59:59Z", "6")]
    [InlineData("2026-01-06T05:00:00Z", "12")]
    [InlineData("2026-07-06T21:59:59Z", "12")] // Monday 23:59:59 in Berlin, summer
    [InlineData("2026-07-06T22:00:00Z", "6")]
    [InlineData("2026-07-07T03:59:59Z", "6")]
    [InlineData("2026-07-07T04:00:00Z", "12")]
    [InlineData("2026-07-11T22:00:00Z", "12")] // Sunday is no day of the window
    public void A_window_follows_the_wall_clock_of_its_zone(string at, string usd)
    {
        var book = Book(Base + "    time_zone: Europe/Berlin\n"
            + "    windows: [{ from: \"00:00\", to: \"06:00\", days: [mon, tue, wed, thu, fri], factor: \"0.5\" }]\n");

        Assert.Equal(Usd(usd), CostOf(book, Call("acme", "m", at)));
    }

    [Theory]
    [InlineData("2026-10-25T00:30:00Z", "6")]  // 02:30 summer time
    [InlineData("2026-10-25T01:30:00Z", "6")]  // 02:30 again, winter time
    [InlineData("2026-10-25T02:00:00Z", "12")] // 03:00
    [InlineData("2026-03-29T00:59:59Z", "12")] // 01:59:59, and then 03:00: there is no 02:30
    [InlineData("2026-03-29T01:00:00Z", "12")]
    public void An_hour_that_is_repeated_is_in_the_window_twice_and_one_left_out_never(string at, string usd)
    {
        var book = Book(Base + "    time_zone: Europe/Berlin\n    windows: [{ from: \"02:00\", to: \"03:00\", factor: \"0.5\" }]\n");

        Assert.Equal(Usd(usd), CostOf(book, Call("acme", "m", at)));
    }

    [Fact]
    public void A_window_may_have_rates_of_its_own()
    {
        var book = Book(Base + "    time_zone: Asia/Shanghai\n    thresholds: [{ above: 5, rates: { output_tokens: 40 per 1M } }]\n"
            + "    windows: [{ from: \"00:30\", to: \"08:30\", rates: { input_tokens: 1 per 1M }, thresholds: [] }]\n");

        Assert.Equal(Usd("11"), CostOf(book, Call("acme", "m", "2026-05-01T16:30:00Z")));
        Assert.Equal(Usd("42"), CostOf(book, Call("acme", "m", "2026-05-02T00:30:00Z")));
    }

    [Fact]
    public void The_table_of_a_zone_agrees_with_the_systems_own_conversion()
    {
        string[] zones = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Shanghai"];
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var name = zones[random.Next(zones.Length)];
            var seconds = random.NextInt64(0, 4_102_444_800);
            var local = TimeZoneInfo.ConvertTimeFromUtc(DateTime.UnixEpoch.AddSeconds(seconds), TimeZoneInfo.FindSystemTimeZoneById(name));
            var expected = ((int)local.DayOfWeek + 6) % 7 * 1440 + local.Hour * 60 + local.Minute;

            Assert.Equal(expected, ZoneClock.Find(name)!.MinuteOfWeek(seconds * 1_000_000_000));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3_000));
    }

    /// <summary>Random cards with every condition against the obvious reading of docs/rate-cards.md, one rate at a time.</summary>
    [Fact]
    public void Conditions_together_give_what_applying_them_one_by_one_gives()
    {
        string[] regions = ["", "eu", "us", "jp"], tiers = ["", "batch", "fast"], flags = ["hd", "quick"];
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var (input, regional, window) = (Price(), Price(), Price());
            var (us, batch, fast, quick, hours) = (Factor(), Factor(), Factor(), Factor(), Factor());
            var above = random.Next(1, 2_000);
            var (longer, longerEu) = (Price(), Price());
            var book = Book($"""
                  - id: a
                    match: [m]
                    time_zone: America/New_York
                    rates: {"{"} input_tokens: {input} per 1K, web_searches: 3 per 1 {"}"}
                    thresholds: [{"{"} above: {above}, rates: {"{"} input_tokens: {longer} per 1K {"}"} {"}"}]
                    tiers: {"{"} batch: {"{"} factor: "{batch}" {"}"}, fast: {"{"} factor: "{fast}" {"}"} {"}"}
                    regions: {"{"} eu: {"{"} rates: {"{"} input_tokens: {regional} per 1K {"}"}, thresholds: [{"{"} above: {above},
                        rates: {"{"} input_tokens: {longerEu} per 1K {"}"} {"}"}] {"}"}, us: {"{"} factor: "{us}" {"}"} {"}"}
                    request_flags: {"{"} quick: {"{"} factor: "{quick}" {"}"} {"}"}
                    windows: [{"{"} from: "09:00", to: "17:00", days: [mon, tue, wed, thu, fri], factor: "{hours}" {"}"}]

                """);
            var (region, tier) = (regions[random.Next(4)], tiers[random.Next(3)]);
            var asked = flags.Where(_ => random.Next(2) == 0).ToArray();
            var tokens = random.Next(0, 4_000);
            var at = DateTime.UnixEpoch.AddMinutes(random.Next(29_000_000, 30_000_000));
            var usage = new UsageVector { InputTokens = tokens, OtherUnits = [new("web_searches", 2)] };
            var call = Call("acme", "m", at.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture), tier, region)
                with { Traits = book.TraitsOf("", "", asked) };

            var local = TimeZoneInfo.ConvertTimeFromUtc(at, TimeZoneInfo.FindSystemTimeZoneById("America/New_York"));
            var rate = tokens > above ? (region == "eu" ? longerEu : longer) : region == "eu" ? regional : input;
            var each = rate / 1000;
            if (region == "us") each *= us;
            if (tier == "batch") each *= batch;
            if (tier == "fast") each *= fast;
            if (asked.Contains("quick")) each *= quick;
            if (local.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday) && local.Hour is >= 9 and < 17) each *= hours;
            var expected = Math.Round(each * tokens, 12, MidpointRounding.ToEven);

            var cost = book.Price(in call, in usage);
            Assert.Equal(expected.ToString("0.000000000000", CultureInfo.InvariantCulture), cost.InputCost.ToString());
            Assert.Equal(Usd("6"), cost.OtherCost);

            decimal Price() => random.Next(1, 10_000) / 100m;
            decimal Factor() => random.Next(1, 300) / 100m;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }
}
