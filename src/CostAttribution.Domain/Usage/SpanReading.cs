using System.Numerics;
using System.Text;
using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Tracing;
using CostAttribution.Domain.Usage.Dialects;

namespace CostAttribution.Domain.Usage;

/// <summary>
/// One span's attributes sorted into slots in one pass: for every slot the value of the best key present. Reused from span to
/// span; not thread-safe.
/// </summary>
internal sealed class SpanReading
{
    private readonly long[] numbers = new long[64];
    private readonly byte[] numberRanks = new byte[64];
    private readonly string[] texts = new string[64];
    private readonly byte[] textRanks = new byte[64];
    private readonly string[] dimensions = new string[64];
    private readonly ushort[] dimensionRanks = new ushort[64];
    private ulong numbersPresent, textsPresent, dimensionsPresent;
    private readonly Money[] costs = new Money[64];
    private ulong costsPresent, foreignCosts;

    public SpanTraits Traits { get; set; }
    public SpanFlags Flags { get; private set; }
    public Dialect Dialect { get; set; } = DialectTable.None;

    /// <summary>Bit per dimension slot that has a value.</summary>
    public ulong DimensionsPresent => dimensionsPresent;

    public bool Has(NumberSlot slot) => (numbersPresent & (1UL << (int)slot)) != 0;
    public bool Has(TextSlot slot) => (textsPresent & (1UL << (int)slot)) != 0;

    /// <summary>0 when absent.</summary>
    public long Number(NumberSlot slot) => Has(slot) ? numbers[(int)slot] : 0;

    /// <summary>Empty when absent.</summary>
    public string Text(TextSlot slot) => Has(slot) ? texts[(int)slot] : "";

    public string DimensionText(int slot) => dimensions[slot];

    /// <summary>
    /// The best one that is in US dollars and not 0, which some senders write for models that they do not know; else 0 where that
    /// is told; null when absent.
    /// </summary>
    public Money? Cost { get; private set; }

    public void Read(AttributeReader attributes, AttributionTable attribution, Utf8Interner interner)
    {
        numbersPresent = textsPresent = dimensionsPresent = 0;
        costsPresent = foreignCosts = 0;
        Traits = SpanTraits.None;
        Flags = SpanFlags.None;
        foreach (var attribute in attributes)
        {
            var meaning = KeyMeanings.Of(attribute.Key);
            Traits |= meaning.Kind == KeyKind.Switch ? SpanTraits.None : meaning.Traits;
            switch (meaning.Kind)
            {
                case KeyKind.Number: TakeNumber(attribute, meaning); break;
                case KeyKind.Text: TakeText(attribute, meaning, interner); break;
                case KeyKind.Cost: TakeCost(attribute, meaning); break;
                case KeyKind.Currency: TakeCurrency(attribute); break;
                case KeyKind.Switch: TakeSwitch(attribute, meaning); break;
            }
            var uses = attribution.UsesOf(attribute.Key);
            if (uses.Length > 0) TakeDimension(attribute, uses, attribution, interner);
        }
        ChooseCost();
    }

    private void ChooseCost()
    {
        Cost = null;
        for (var rest = costsPresent & ~foreignCosts; rest != 0; rest &= rest - 1)
        {
            Cost = costs[BitOperations.TrailingZeroCount(rest)];
            if (Cost is { IsZero: false }) return;
        }
        if (Cost is null && (costsPresent & foreignCosts) != 0) Flags |= SpanFlags.CostCurrency;
    }

    private void TakeNumber(in AttributeValue attribute, KeyMeaning meaning)
    {
        switch (QuantityParser.Parse(attribute, out var value))
        {
            case Reading.Absent:
                return;
            case Reading.Bad:
                Flags |= SpanFlags.BadValue;
                return;
        }
        if (attribute.Type == AttributeType.String) Traits |= SpanTraits.TextNumbers;
        var bit = 1UL << meaning.Slot;
        if ((numbersPresent & bit) != 0)
        {
            if (numbers[meaning.Slot] != value && meaning.Slot != (int)NumberSlot.Total) Flags |= SpanFlags.AliasConflict;
            if (numberRanks[meaning.Slot] <= meaning.Rank) return;
        }
        numbersPresent |= bit;
        numbers[meaning.Slot] = value;
        numberRanks[meaning.Slot] = meaning.Rank;
    }

    private void TakeText(in AttributeValue attribute, KeyMeaning meaning, Utf8Interner interner)
    {
        var bit = 1UL << meaning.Slot;
        if ((textsPresent & bit) != 0 && textRanks[meaning.Slot] <= meaning.Rank) return;
        if (attribute.Type == AttributeType.String && AbsentText.Is(attribute.Utf8)) return;
        textsPresent |= bit;
        texts[meaning.Slot] = attribute.ToText(interner);
        textRanks[meaning.Slot] = meaning.Rank;
    }

    private void TakeCost(in AttributeValue attribute, KeyMeaning meaning)
    {
        switch (ReportedCost.Parse(attribute, out var value))
        {
            case Reading.Absent:
                return;
            case Reading.Bad:
                Flags |= SpanFlags.BadValue;
                return;
        }
        var bit = 1UL << meaning.Rank;
        if ((costsPresent & bit) != 0) return;
        costsPresent |= bit;
        costs[meaning.Rank] = value;
    }

    private void TakeCurrency(in AttributeValue attribute)
    {
        if (attribute.Type != AttributeType.String || AbsentText.Is(attribute.Utf8)) return;
        if (!Ascii.EqualsIgnoreCase(attribute.Utf8, "USD"u8)) foreignCosts |= KeyMeanings.CostsIn(attribute.Key);
    }

    private void TakeSwitch(in AttributeValue attribute, KeyMeaning meaning)
    {
        var on = attribute.Type == AttributeType.String ? Ascii.EqualsIgnoreCase(attribute.Utf8, "true"u8) : attribute.Int != 0;
        Traits |= on ? meaning.Traits : SpanTraits.GenAi;
    }

    private void TakeDimension(in AttributeValue attribute, ReadOnlySpan<DimensionUse> uses, AttributionTable attribution,
        Utf8Interner interner)
    {
        if (attribute.Type == AttributeType.String && AbsentText.Is(attribute.Utf8)) return;
        string? raw = null;
        foreach (var use in uses)
        {
            var bit = 1UL << use.Slot;
            if ((dimensionsPresent & bit) != 0 && dimensionRanks[use.Slot] <= use.Rank) continue;
            raw ??= attribute.ToText(interner);
            dimensionsPresent |= bit;
            dimensions[use.Slot] = attribution.Map(use.Slot / 2, raw);
            dimensionRanks[use.Slot] = use.Rank;
        }
    }

    /// <summary>Copies every dimension value present.</summary>
    public void CopyDimensions(Span<string?> values)
    {
        for (var rest = dimensionsPresent; rest != 0; rest &= rest - 1)
        {
            var slot = BitOperations.TrailingZeroCount(rest);
            values[slot] = dimensions[slot];
        }
    }
}
