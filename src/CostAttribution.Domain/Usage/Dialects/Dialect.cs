using CostAttribution.Domain.Tracing;

namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>
/// Whether a total holds a part too: the input its cached tokens, the output its reasoning. What is only likely is flagged.
/// </summary>
internal enum Inclusion : byte { Unknown, Inclusive, Exclusive, LikelyInclusive, LikelyExclusive }

/// <summary>What an instrumentation cannot show although the provider bills it apart.</summary>
[Flags]
internal enum HiddenParts : byte
{
    None = 0,
    CacheRead = 1 << 0,
    CacheWrite = 1 << 1,

    /// <summary>Reasoning is inside the output and not told apart.</summary>
    Reasoning = 1 << 2,

    /// <summary>Reasoning is not in the output at all: what is billed is less than what was used.</summary>
    Thoughts = 1 << 3,

    /// <summary>Counts may be made up from the text, and nothing on the span says so.</summary>
    Estimates = 1 << 4,

    Cache = CacheRead | CacheWrite,
    Details = Cache | Reasoning,
}

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
internal readonly record struct CountingQuestion(ProviderClass Provider, ScopeInfo Scope, string SpanName, SpanReading Reading,
    RawCounts Raw)
{
    public readonly RawCounts Raw = Raw;

    public bool ScopeHolds(string part) => Scope.Name.Contains(part, StringComparison.Ordinal);

    /// <summary>Anthropic's own API or Bedrock, whose raw input counts leave the cache out.</summary>
    public bool IsRawExclusive => Provider is ProviderClass.Anthropic or ProviderClass.Bedrock;

    /// <summary>The kinds that the provider bills apart from plain input and output.</summary>
    public HiddenParts Details => IsRawExclusive ? HiddenParts.Details : HiddenParts.CacheRead | HiddenParts.Reasoning;

    public bool Has(SpanTraits traits) => (Reading.Traits & traits) != 0;

    /// <summary>
    /// Whether the scope's version is at least this one; null when it has none that can be read. A suffix behind
    /// <c>-</c> or <c>+</c> is not compared.
    /// </summary>
    public bool? IsVersion(int major, int minor, int patch)
    {
        var numbers = Scope.Version.AsSpan().TrimStart('v');
        if (numbers.IndexOfAny('-', '+') is var suffix and >= 0) numbers = numbers[..suffix];
        return Version.TryParse(numbers, out var version) ? version >= new Version(major, minor, patch) : null;
    }
}

/// <summary>
/// One way of writing usage on spans: data and small pure functions, one file each. docs/dialects.md has the evidence.
/// </summary>
internal sealed record Dialect
{
    /// <summary>Stored with facts: never changes.</summary>
    public required string Id { get; init; }

    /// <summary>Place in the order of recognition: the smallest that recognises a span has it. No two are equal.</summary>
    public required int Rank { get; init; }

    public required Func<Fingerprint, bool> Recognises { get; init; }

    /// <summary>The row of the inclusion table (§10.4, C6).</summary>
    public Func<CountingQuestion, Inclusion> CacheInclusion { get; init; } = static _ => Inclusion.Unknown;

    /// <summary>Whether the output holds the reasoning (R1); unknown is taken as held.</summary>
    public Func<CountingQuestion, Inclusion> ReasoningInclusion { get; init; } = static _ => Inclusion.Unknown;

    /// <summary>What spans of this dialect never show.</summary>
    public Func<CountingQuestion, HiddenParts> Hides { get; init; } = static _ => HiddenParts.None;

    /// <summary>
    /// Trait that another span of the same resource and scope in the trace may show for this one: how the version in use
    /// counts, where this span alone does not tell.
    /// </summary>
    public SpanTraits LearnsFromOthers { get; init; }

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

    /// <summary>Spans with usage are calls, though nothing on them says so: there are no others.</summary>
    public bool UsageMeansCall { get; init; }

    /// <summary>Names of spans that are calls although nothing else says so.</summary>
    public IReadOnlyList<string> LeafNames { get; init; } = [];

    public static Inclusion ExclusiveIf(bool exclusive) => exclusive ? Inclusion.Exclusive : Inclusion.Inclusive;
}
