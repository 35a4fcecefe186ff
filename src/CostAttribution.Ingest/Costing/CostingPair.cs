using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.Ingest.Costing;

/// <summary>The rate book and the attribution table that a span is costed with.</summary>
public sealed record CostingPair(RateBook Rates, AttributionTable Attribution)
{
    internal PairKey Key { get; } = new(Rates.Version, Attribution.Version);
}

/// <summary>The versions of a pair, as ledger rows name them.</summary>
internal readonly record struct PairKey(long RateBookVersion, long AttributionVersion);

/// <summary>What standing rows were posted with, as far as it was kept; null for what was not.</summary>
internal sealed record KeptPair(PairKey Key, RateBook? Rates, AttributionTable? Attribution)
{
    public KeptPair(CostingPair pair) : this(pair.Key, pair.Rates, pair.Attribution)
    {
    }

    public bool IsWhole => Rates is not null && Attribution is not null;
}
