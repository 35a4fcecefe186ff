using CostAttribution.Domain.Tracing;

namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>Whether a dialect's input count holds the cached tokens too.</summary>
internal enum Inclusion : byte { Unknown, Inclusive, Exclusive }

/// <summary>What a dialect is recognised by.</summary>
internal readonly record struct Fingerprint(ScopeInfo Scope, SpanTraits Traits, FingerprintHints Hints)
{
    public string ScopeName => Scope.Name;
    public bool Has(SpanTraits traits) => (Traits & traits) != 0;
    public bool Hinted(FingerprintHints hints) => (Hints & hints) != 0;
    public bool ScopeStarts(string prefix) => Scope.Name.StartsWith(prefix, StringComparison.Ordinal);
    public bool ScopeHolds(string part) => Scope.Name.Contains(part, StringComparison.Ordinal);
}

/// <summary>What decides about counting: the same scope emits for several providers and in several versions.</summary>
internal readonly record struct CountingQuestion(ProviderClass Provider, ScopeInfo Scope, SpanTraits Traits)
{
    public bool ScopeHolds(string part) => Scope.Name.Contains(part, StringComparison.Ordinal);

    /// <summary>Anthropic's own API or Bedrock, whose raw input counts leave the cache out.</summary>
    public bool IsRawExclusive => Provider is ProviderClass.Anthropic or ProviderClass.Bedrock;
}

/// <summary>
/// One way of writing usage on spans: data and small pure functions, one file each. docs/dialects.md has the evidence.
/// </summary>
internal sealed record Dialect
{
    /// <summary>Stored with facts: never changes.</summary>
    public required string Id { get; init; }

    public required Func<Fingerprint, bool> Recognises { get; init; }

    /// <summary>The row of the inclusion table (§10.4, C6).</summary>
    public Func<CountingQuestion, Inclusion> CacheInclusion { get; init; } = static _ => Inclusion.Unknown;

    /// <summary>Whether reasoning is counted beside the output instead of in it.</summary>
    public Func<CountingQuestion, bool> ReasoningBesideOutput { get; init; } = static _ => false;

    /// <summary>Usage is in <c>input_tokens</c> and the like, without any prefix.</summary>
    public bool ReadsBareNames { get; init; }

    /// <summary>Pushed by the provider or a broker, not by the application: gives no identity and loses ties.</summary>
    public bool VendorPushed { get; init; }

    /// <summary>A gateway between application and provider: may replace response ids.</summary>
    public bool Gateway { get; init; }

    /// <summary>Containers report totals over the lifetime of an object, not of a run.</summary>
    public bool LifetimeTotals { get; init; }

    /// <summary>Calls of one tool loop repeat the usage of the calls before (when the service is set to be treated so).</summary>
    public bool CumulativeLoops { get; init; }

    /// <summary>Anthropic cache writes are inside the input count and cannot be told.</summary>
    public bool HidesCacheWrites { get; init; }

    /// <summary>Reasoning of Gemini models is missing unless the provider's record is on the span.</summary>
    public bool MayMissReasoning { get; init; }

    /// <summary>Names of spans that are calls although nothing else says so.</summary>
    public IReadOnlyList<string> LeafNames { get; init; } = [];

    public static Inclusion ExclusiveIf(bool exclusive) => exclusive ? Inclusion.Exclusive : Inclusion.Inclusive;
}
