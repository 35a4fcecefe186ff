namespace CostAttribution.Domain.Pricing;

/// <summary>How sure someone was of a card's figures.</summary>
public enum RateConfidence : byte { Unstated = 0, Low = 1, Medium = 2, High = 3 }

/// <summary>Another source's price for a unit of the card, kept beside it and never averaged into it.</summary>
public sealed record RateDisagreement(string Source, UnitPrice Price, long FetchedAtNanos = 0);

/// <summary>How the figures of a card came to be believed. Decides no price and is no part of a book's version.</summary>
public sealed record RateEvidence
{
    public static RateEvidence None { get; } = new();

    /// <summary>When the figures were fetched, nanoseconds since the Unix epoch; 0 = unknown.</summary>
    public long FetchedAtNanos { get; init; }

    /// <summary>Hash or version of the catalogue that they were taken from; empty when they were typed.</summary>
    public string Catalogue { get; init; } = "";

    /// <summary>Who looked at them.</summary>
    public string Reviewer { get; init; } = "";
    public RateConfidence Confidence { get; init; }
    public IReadOnlyList<RateDisagreement> Disagreements { get; init; } = [];
}
