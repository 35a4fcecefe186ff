namespace CostAttribution.Api.Spans;

/// <summary>One step of an explanation.</summary>
/// <param name="Topic">ownership, usage, customer, feature, price, provider_cost, retry or trace.</param>
/// <param name="Code">The case that applies; stable, for programs.</param>
/// <param name="Text">The case in a sentence, for people.</param>
public sealed record Reason(string Topic, string Code, string Text)
{
    /// <summary>The other span it speaks of; null when none.</summary>
    public SpanLink? Span { get; init; }
}

/// <summary>A flag and what it means.</summary>
/// <param name="Flag">Its name.</param>
/// <param name="Text">In plain words.</param>
public sealed record ExplainedFlag(string Flag, string Text);

/// <summary>A ledger row and why it was posted.</summary>
/// <param name="Why">In a sentence.</param>
/// <param name="Row">The row.</param>
public sealed record ExplainedRow(string Why, LedgerRow Row);
