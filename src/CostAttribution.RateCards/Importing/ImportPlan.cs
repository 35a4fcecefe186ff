using CostAttribution.Domain.Pricing;

namespace CostAttribution.RateCards.Importing;

/// <summary>One line that would change.</summary>
public sealed record LineChange(string Line, string Before, string After, string Percent);

/// <summary>A card in force whose price or calls would change.</summary>
public sealed record CardChange(string Id, string Replaces, string From, IReadOnlyList<LineChange> Lines);

/// <summary>What one origin says of a line.</summary>
/// <param name="Origin">A source's name, or the id of a card in force.</param>
/// <param name="Day">Day the figure is of, <c>yyyy-MM-dd</c>; empty when unknown.</param>
public sealed record SourceValue(string Origin, string Day, string Value);

/// <summary>Two origins that say different things of one line; the first is the one used.</summary>
public sealed record Disagreement(string Provider, string Seller, string Model, string Line, IReadOnlyList<SourceValue> Values);

/// <summary>How a source's file came out.</summary>
/// <param name="Models">Entries with a price.</param>
/// <param name="Lines">Prices that passed every check.</param>
public sealed record FileSummary(ImportSource Source, string File, string Day, int Bytes, int Models, int Lines);

/// <summary>What an import would do, and the files that do it.</summary>
public sealed record ImportPlan
{
    public required IReadOnlyList<FileSummary> Files { get; init; }

    /// <summary>Cards for calls that have no price in force.</summary>
    public required IReadOnlyList<ImportedCard> New { get; init; }
    public required IReadOnlyList<CardChange> Changed { get; init; }

    /// <summary>Ids of cards of an earlier import that no file has any more; they stay in force.</summary>
    public required IReadOnlyList<string> Removed { get; init; }

    /// <summary>Imported cards in force that the files confirm.</summary>
    public required int Unchanged { get; init; }

    /// <summary>Models that a card of people, or a source believed before, already prices.</summary>
    public required int Covered { get; init; }
    public required IReadOnlyList<Disagreement> Disagreements { get; init; }
    public required ImportFindings Findings { get; init; }

    /// <summary>Every card to be written: new ones, changed ones, and earlier ones that end.</summary>
    public required IReadOnlyList<ImportedCard> Cards { get; init; }

    /// <summary>Rate card files, none when there is nothing to write.</summary>
    public required IReadOnlyList<string> Texts { get; init; }

    /// <summary>Why the cards in force together with the new ones would be no sound book; empty when they are one.</summary>
    public required IReadOnlyList<RateCardFault> Faults { get; init; }
}
