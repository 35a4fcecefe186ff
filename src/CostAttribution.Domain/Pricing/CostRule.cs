namespace CostAttribution.Domain.Pricing;

/// <summary>How a text is compared; case matters, as in attribute values. Kept by name: append only.</summary>
public enum TextMatchKind : byte { Equals = 1, Prefix = 2, Suffix = 3, Contains = 4, Present = 5 }

/// <summary>A condition on one text.</summary>
/// <param name="Values">Any of them; empty for <see cref="TextMatchKind.Present"/>, which holds for every text but none.</param>
public sealed record TextMatch(TextMatchKind Kind, IReadOnlyList<string> Values)
{
    public bool Holds(string? text)
    {
        if (string.IsNullOrEmpty(text)) return false;
        if (Kind == TextMatchKind.Present) return true;
        for (var i = 0; i < Values.Count; i++)
        {
            var value = Values[i];
            var holds = Kind switch
            {
                TextMatchKind.Equals => text == value,
                TextMatchKind.Prefix => text.StartsWith(value, StringComparison.Ordinal),
                TextMatchKind.Suffix => text.EndsWith(value, StringComparison.Ordinal),
                _ => text.Contains(value, StringComparison.Ordinal),
            };
            if (holds) return true;
        }
        return false;
    }
}

/// <summary>A condition on one attribute.</summary>
public sealed record AttributeMatch(string Key, TextMatch Match);

/// <summary>Where a rule's quantity comes from. Kept by name: append only.</summary>
public enum QuantitySource : byte { Constant = 1, Attribute = 2, Duration = 3 }

/// <summary>How much of its unit a rule finds on a span: a number, times a factor, times another attribute.</summary>
/// <param name="Attribute">Key of the attribute that holds the number; empty unless that is the source.</param>
/// <param name="Times">Multiplies it; one is no change.</param>
/// <param name="TimesAttribute">Key of an attribute that multiplies it too, such as a count of GPUs; empty for none.</param>
/// <param name="RoundUp">A part of a step counts as a whole one; else to the nearest, half to even.</param>
public sealed record RuleQuantity(QuantitySource Source, string Attribute, Rational Times, string TimesAttribute = "",
    bool RoundUp = false);

/// <summary>
/// Prices spans that need not be model calls: a vector search, a reranking, seconds of a GPU. What it finds is priced by the
/// cards of its provider and model, like any usage.
/// </summary>
public sealed record CostRule
{
    /// <summary>Names the item on ledger rows. Unique among the rules of a book.</summary>
    public required string Name { get; init; }

    /// <summary>Instrumentation scope of the span; null = any.</summary>
    public TextMatch? Scope { get; init; }

    /// <summary>Name of the span; null = any.</summary>
    public TextMatch? SpanName { get; init; }

    /// <summary>All must hold.</summary>
    public IReadOnlyList<AttributeMatch> Attributes { get; init; } = [];
    public required string Unit { get; init; }
    public required RuleQuantity Quantity { get; init; }
    public required string Provider { get; init; }

    /// <summary>The model of the cards that price it.</summary>
    public required string Model { get; init; }
    public long RecordedAtNanos { get; init; }
    public string File { get; init; } = "";
    public int Line { get; init; }
}
