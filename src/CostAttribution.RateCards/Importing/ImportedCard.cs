using CostAttribution.Domain.Pricing;

namespace CostAttribution.RateCards.Importing;

/// <summary>A card made from one entry, and what the file that holds it says for people.</summary>
/// <param name="Key">Path of the entry in its file.</param>
public sealed record ImportedCard(RateCard Card, ImportSource Source, string Key, string Note)
{
    /// <summary>Every imported card's id begins so; cards of people never should.</summary>
    public const string IdStart = "imported/";

    /// <summary>Cards of people have order 0 and are asked before any that was imported, whatever the rules.</summary>
    public const int OrderAfterPeople = 1;

    public bool HoldsAt(long nanos) => Card.FromNanos <= nanos && nanos < Card.ToNanos;
}
