namespace CostAttribution.Domain.Usage;

/// <summary>
/// Guesses and oddities recorded on a span and its ledger row. The names in the store are those of <see cref="SpanFlagNames"/>.
/// Persisted inside facts by number: append only.
/// </summary>
[Flags]
public enum SpanFlags : ulong
{
    None = 0,
    CacheInclusionGuessed = 1UL << 0,
    TtlSplitPartial = 1UL << 1,
    TtlUnknown = 1UL << 2,
    ReasoningInferred = 1UL << 3,
    Clamped = 1UL << 4,
    AliasConflict = 1UL << 5,
    BadValue = 1UL << 6,
    ZeroCostUnknown = 1UL << 7,
    UsageMissing = 1UL << 8,
    FailedNoUsage = 1UL << 9,
    AggregateFallback = 1UL << 10,
    CumulativeSuspect = 1UL << 11,
    LeafNestedMismatch = 1UL << 12,
    RoleGuessed = 1UL << 13,
    UnknownOperation = 1UL << 14,
    UnknownModel = 1UL << 15,
    TierUnknown = 1UL << 16,
    EstimatedTokens = 1UL << 17,
    IdentityConflict = 1UL << 18,
    IdentityInferred = 1UL << 19,
    Orphan = 1UL << 20,
    UnexplainedResidual = 1UL << 21,
    AggregateFallbackResidual = 1UL << 22,
    CacheWriteUnobservable = 1UL << 23,
    CacheReadUnallocated = 1UL << 24,
    DuplicateUsageMismatch = 1UL << 25,
    CrossTraceDuplicate = 1UL << 26,
    LateCorrection = 1UL << 27,
    ClockSkew = 1UL << 28,
    EndBeforeStart = 1UL << 29,
    Sampled = 1UL << 30,
    MixedCustomers = 1UL << 31,
    ParentLoop = 1UL << 32,
    ValueTruncated = 1UL << 33,
    AttributesOverLimit = 1UL << 34,
    UsageIncompleteDialect = 1UL << 35,
    CostOverflow = 1UL << 36,
    SiblingDuplicate = 1UL << 37,
    MissingRoot = 1UL << 38,
    TraceOverLimit = 1UL << 39,
    SnapshotMissing = 1UL << 40,
    UnitFallbackPrice = 1UL << 44,
    ListPriceMissing = 1UL << 45,
}
