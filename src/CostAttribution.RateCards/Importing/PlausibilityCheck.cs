using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;

namespace CostAttribution.RateCards.Importing;

/// <summary>What another source says of the same line.</summary>
internal readonly record struct PeerPrice(string Origin, Rational Each);

/// <summary>What became of one entry.</summary>
/// <param name="Model">The entry without the lines that fail, which are listed under <see cref="ImportedModel.Lost"/>.</param>
/// <param name="Factor">By what its prices are off those of others; empty when they are not.</param>
/// <param name="Confirmed">Whether somebody else says about the same of one of its lines.</param>
internal readonly record struct JudgedModel(ImportedModel Model, string Factor, bool Confirmed);

/// <summary>
/// Judges every line on its own, beside the other lines of its entry and beside the same line elsewhere. A line that is a unit
/// mix-up is refused, and where it is the price of input or output, so are its entry's token prices that nobody confirms.
/// </summary>
/// <param name="atNanos">Of when the prices of others are.</param>
internal sealed class PlausibilityCheck(Func<ImportedModel, IReadOnlyDictionary<string, List<PeerPrice>>> peersOf,
    Func<ImportedModel, bool> isFreeAllowed, long atNanos)
{
    private static readonly int[] Powers = [1, 2, 3, 6];
    private static readonly string[] PowerNames =
    [
        "10", "100 (cents for dollars?)", "1000 (per thousand for per token, or per million for per thousand?)",
        "1000000 (per million for per token?)",
    ];

    /// <summary>A ratio within this share of a power of ten is that power.</summary>
    private static readonly Rational Least = new(98, 100), Most = new(102, 100);

    private sealed class Entry(ImportedModel model, IReadOnlyDictionary<string, List<PeerPrice>> peers)
    {
        public ImportedModel Model { get; } = model;
        public IReadOnlyDictionary<string, List<PeerPrice>> Peers { get; } = peers;
        public List<ImportedPrice> Kept { get; } = [];
        public List<ImportedPrice> Lost { get; } = [.. model.Lost];
        public List<ImportedPrice> MixedUp { get; } = [];
        public HashSet<ImportedPrice> Confirmed { get; } = [];
        public string Factor { get; set; } = "";
    }

    public JudgedModel Judge(ImportedModel model, Action<ImportFindingKind, string, string> tell)
    {
        var entry = new Entry(model, peersOf(model));
        foreach (var price in model.Prices)
        {
            if (FaultOf(price, entry) is not { } fault)
            {
                entry.Kept.Add(price);
                continue;
            }
            tell(price.Amount.IsZero ? ImportFindingKind.NoPrice : ImportFindingKind.Refused, price.Path, fault);
            entry.Lost.Add(price);
        }
        // Which of two lines is the wrong one cannot be known, so both are judged by what stood there.
        var standing = entry.Kept.ToList();
        foreach (var price in standing)
        {
            if (BesideOthers(price, standing) is { } fault) Refuse(price, fault);
        }
        foreach (var price in entry.Kept.ToList())
        {
            if (ImportUnits.IsToken(price.Unit) && !entry.Confirmed.Contains(price)
                && entry.MixedUp.Find(wrong => IsMain(wrong) && wrong.FromNanos == price.FromNanos) is { } wrong)
                Refuse(price, $"{price.Line} stands beside {wrong.Line}, which is in a wrong unit, and nobody else confirms it");
        }
        foreach (var (price, warning) in Oddities(entry.Kept, entry.Confirmed))
            tell(ImportFindingKind.Warning, price.Path, warning);
        return new(model with { Prices = entry.Kept, Lost = entry.Lost }, entry.Factor, entry.Confirmed.Count > 0);

        void Refuse(ImportedPrice price, string fault)
        {
            tell(ImportFindingKind.Refused, price.Path, fault);
            entry.Kept.Remove(price);
            entry.Lost.Add(price);
            entry.MixedUp.Add(price);
        }
    }

    /// <summary>The prices whose unit all others of an entry share.</summary>
    private static bool IsMain(ImportedPrice price) => price is
        { Tier: "", Above: 0, Unit: UsageUnits.InputTokens or UsageUnits.OutputTokens };

    private string? FaultOf(ImportedPrice price, Entry entry)
    {
        if (price.Amount.IsZero)
        {
            return isFreeAllowed(entry.Model) ? null
                : $"{price.Line} is 0, which a third party also writes for 'unknown'; no price (--free says otherwise)";
        }
        if ((BesidePeers(price, entry) ?? Outside(price)) is not { } fault) return null;
        entry.Confirmed.Remove(price);
        entry.MixedUp.Add(price);
        return fault;
    }

    private static string? Outside(ImportedPrice price) => UnitBounds.Passed(price.Unit, price.Each) is { } bounds
        ? $"{price.Line} is {CardLines.Text(price.Unit, price.Each)}, outside {bounds}: a mix-up of units" : null;

    private string? BesidePeers(ImportedPrice price, Entry entry)
    {
        if (price.Window is not null || !entry.Peers.TryGetValue(price.Line, out var others)) return null;
        // Between one time and another a price may well fall to a tenth, but not to a hundredth.
        var least = price.HoldsAt(atNanos) ? 0 : 1;
        var mixed = others.Where(other => PowerOf(price.Each, other.Each, least) is not null).ToArray();
        var agree = least == 0 && others.Exists(other => Agrees(price.Each, other.Each));
        // Who is alone with a figure that others contradict by a power of ten is wrong; one against one, neither is safe.
        if (mixed.Length == 0 || others.Count - mixed.Length >= mixed.Length && agree)
        {
            if (agree) entry.Confirmed.Add(price);
            return null;
        }
        var factor = PowerOf(price.Each, mixed[0].Each, least)!;
        if (least == 0) entry.Factor = $"{(ExactNumber.Compare(price.Each, mixed[0].Each) < 0 ? "1/" : "")}{factor}";
        return $"{price.Line} is {CardLines.Text(price.Unit, price.Each)} here and "
            + $"{CardLines.Text(price.Unit, mixed[0].Each)} in {mixed[0].Origin}: a factor of {factor}";
    }

    private static bool Agrees(Rational left, Rational right)
    {
        if (right.IsZero) return left.IsZero;
        var ratio = ExactNumber.Ratio(left, right);
        return ExactNumber.Compare(ratio, new(1, 3)) > 0 && ExactNumber.Compare(ratio, new(3, 1)) < 0;
    }

    private static string? PowerOf(Rational left, Rational right, int least)
    {
        if (left.IsZero || right.IsZero) return null;
        var ratio = ExactNumber.Compare(left, right) >= 0 ? ExactNumber.Ratio(left, right) : ExactNumber.Ratio(right, left);
        for (var i = least; i < Powers.Length; i++)
        {
            var share = ratio / System.Numerics.BigInteger.Pow(10, Powers[i]);
            if (ExactNumber.Compare(share, Least) >= 0 && ExactNumber.Compare(share, Most) <= 0) return PowerNames[i];
        }
        return null;
    }

    /// <summary>Ratios between lines of one entry that no provider has ever asked.</summary>
    private static string? BesideOthers(ImportedPrice price, List<ImportedPrice> all)
    {
        var (other, least, most) = price.Unit switch
        {
            UsageUnits.OutputTokens => (UsageUnits.InputTokens, new Rational(1, 100), new Rational(90, 1)),
            UsageUnits.InputTokens => (UsageUnits.OutputTokens, new Rational(1, 90), new Rational(100, 1)),
            UsageUnits.ReasoningTokens => (UsageUnits.OutputTokens, new Rational(1, 50), new Rational(50, 1)),
            UsageUnits.CacheReadTokens => (UsageUnits.InputTokens, new Rational(1, 200), new Rational(2, 1)),
            UsageUnits.CacheWriteTokens or UsageUnits.CacheWrite1hTokens =>
                (UsageUnits.InputTokens, new Rational(1, 100), new Rational(50, 1)),
            _ => ("", default, default),
        };
        if (other.Length > 0 && Same(price, other, price.Tier, price.Above, all) is { } beside
            && Outside(price.Each, beside.Each, least, most))
        {
            return $"{price.Line} is {CardLines.Text(price.Unit, price.Each)} beside {CardLines.Text(other, beside.Each)} for "
                + $"{other}: a mix-up of units";
        }
        if ((price.Tier.Length > 0 || price.Above > 0) && Same(price, price.Unit, "", 0, all) is { } ordinary
            && Outside(price.Each, ordinary.Each, new(1, 20), new(20, 1)))
        {
            return $"{price.Line} is {CardLines.Text(price.Unit, price.Each)} beside the ordinary "
                + $"{CardLines.Text(price.Unit, ordinary.Each)}: a mix-up of units";
        }
        return null;
    }

    private static IEnumerable<(ImportedPrice Price, string Warning)> Oddities(List<ImportedPrice> all,
        HashSet<ImportedPrice> confirmed)
    {
        foreach (var price in all)
        {
            if (IsMain(price) && !confirmed.Contains(price) && UnitBounds.IsUnusual(price.Unit, price.Each))
                yield return (price, $"{price.Line} is {CardLines.Text(price.Unit, price.Each)}, which is unusual, "
                    + "and nobody else says so; look at it before it is used");

            string? IsLess(string unit, string tier, long above) =>
                Same(price, unit, tier, above, all) is { } other && ExactNumber.Compare(price.Each, other.Each) < 0
                    ? other.Line : null;
            string? IsMore(string unit, string tier, long above) =>
                Same(price, unit, tier, above, all) is { } other && ExactNumber.Compare(price.Each, other.Each) > 0
                    ? other.Line : null;

            if (price.Unit == UsageUnits.CacheReadTokens && IsMore(UsageUnits.InputTokens, price.Tier, price.Above) is { } input)
                yield return (price, $"{price.Line} is dearer than {input}");
            if (price.Unit == UsageUnits.CacheWriteTokens
                && IsLess(UsageUnits.CacheReadTokens, price.Tier, price.Above) is { } read)
                yield return (price, $"{price.Line} is cheaper than {read}");
            if (price.Unit == UsageUnits.CacheWrite1hTokens
                && IsLess(UsageUnits.CacheWriteTokens, price.Tier, price.Above) is { } write)
                yield return (price, $"{price.Line} is cheaper than {write}");
            if (price.Unit == UsageUnits.OutputTokens && IsLess(UsageUnits.InputTokens, price.Tier, price.Above) is { } cheaper)
                yield return (price, $"{price.Line} is cheaper than {cheaper}");
            if (price.Tier is "batch" or "flex" && IsMore(price.Unit, "", price.Above) is { } ordinary)
                yield return (price, $"{price.Line} is dearer than {ordinary}");
            if (price.Tier == "priority" && IsLess(price.Unit, "", price.Above) is { } slow)
                yield return (price, $"{price.Line} is cheaper than {slow}");
            if (price.Above > 0 && IsLess(price.Unit, price.Tier, 0) is { } below)
                yield return (price, $"{price.Line} is cheaper than {below}");
        }
    }

    private static ImportedPrice? Same(ImportedPrice price, string unit, string tier, long above, List<ImportedPrice> all) =>
        all.Find(other => other != price && other.Unit == unit && other.Tier == tier && other.Above == above
            && other.Window == price.Window && other.FromNanos == price.FromNanos
            && !other.Amount.IsZero && !price.Amount.IsZero);

    private static bool Outside(Rational price, Rational other, Rational least, Rational most)
    {
        var ratio = ExactNumber.Ratio(price, other);
        return ExactNumber.Compare(ratio, least) < 0 || ExactNumber.Compare(ratio, most) > 0;
    }
}
