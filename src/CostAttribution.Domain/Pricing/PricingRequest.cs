namespace CostAttribution.Domain.Pricing;

/// <summary>Everything about a call that may select a rate, apart from the quantities.</summary>
public readonly record struct PricingRequest
{
    /// <summary>Canonical provider id as in the GenAI conventions (<c>openai</c>, <c>anthropic</c>, <c>aws.bedrock</c>, …); empty
    /// if unknown.</summary>
    public required string Provider { get; init; }

    /// <summary>Reseller or gateway that bills the call, when it is not the provider itself; null or empty otherwise.</summary>
    public string? Seller { get; init; }

    /// <summary>Response model where known, else request model; provider prefixes and regions already removed. Empty if
    /// unknown.</summary>
    public required string Model { get; init; }

    /// <summary>Request model, the second try of the match; empty if unknown.</summary>
    public required string RequestModel { get; init; }

    /// <summary>Provider region or inference geography; empty if unknown.</summary>
    public required string Region { get; init; }

    /// <summary>Service tier as reported (<c>default</c>, <c>flex</c>, <c>priority</c>, <c>batch</c>, …); empty if
    /// unknown.</summary>
    public required string ServiceTier { get; init; }

    /// <summary>Who made the call, from <see cref="RateBook.ScopeOf"/> of the same book; default = nobody known.</summary>
    public CallScope Scope { get; init; }

    /// <summary>What the call asked for, from <see cref="RateBook.TraitsOf"/> of the same book.</summary>
    public CallTraits Traits { get; init; }

    /// <summary>Start of the call, nanoseconds since the Unix epoch, UTC.</summary>
    public required long EventTimeNanos { get; init; }
}
