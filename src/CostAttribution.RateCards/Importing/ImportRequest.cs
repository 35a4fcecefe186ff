namespace CostAttribution.RateCards.Importing;

/// <summary>What to import, over which book.</summary>
public sealed record ImportRequest
{
    public required IReadOnlyList<ImportFile> Files { get; init; }

    /// <summary>Texts of all rate card files in force, the shipped ones included.</summary>
    public required IReadOnlyList<(string Name, string Text)> InForce { get; init; }

    /// <summary>When the figures were learnt, in nanoseconds since the Unix epoch; whole seconds.</summary>
    public required long RecordedAtNanos { get; init; }

    /// <summary>From when changed prices hold; cards of models without a price are open.</summary>
    public required long ChangesFromNanos { get; init; }

    /// <summary>Changed prices were always so, instead of changing at <see cref="ChangesFromNanos"/>.</summary>
    public bool Correct { get; init; }

    /// <summary>Whom to believe first. Sources that are not named come last, in the default order.</summary>
    public IReadOnlyList<ImportSource> Order { get; init; } = ImportSources.DefaultOrder;

    /// <summary>Patterns of <c>provider/model</c> whose zeros mean free; <c>*</c> is anything.</summary>
    public IReadOnlyList<string> Free { get; init; } = [];
}
