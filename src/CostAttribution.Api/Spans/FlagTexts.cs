using System.Collections.Frozen;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Api.Spans;

/// <summary>What each flag means, in plain words.</summary>
internal static class FlagTexts
{
    private static readonly FrozenDictionary<string, string> ByName = new Dictionary<SpanFlags, string>
    {
        [SpanFlags.CacheInclusionGuessed] =
            "It is not certain whether the reported input already contains the cached tokens; the provider's usual way was "
            + "assumed.",
        [SpanFlags.TtlSplitPartial] =
            "The cache writes were reported by time to live, but the parts do not add up to the total; all were taken as "
            + "five-minute writes.",
        [SpanFlags.TtlUnknown] = "The time to live of the cache writes is unknown; they were priced as five-minute writes.",
        [SpanFlags.ReasoningInferred] =
            "Reasoning tokens were not reported; they were taken from the gap between the total and its parts.",
        [SpanFlags.Clamped] = "A count would have become negative when its parts were taken out; it was set to 0.",
        [SpanFlags.AliasConflict] =
            "The same number was reported under two names with different values; the more trusted name was taken.",
        [SpanFlags.BadValue] =
            "A value on the span could not be used, for example a negative or non-numeric count; it was treated as missing.",
        [SpanFlags.ZeroCostUnknown] = "The reported cost was 0 although tokens were used; it was treated as not reported.",
        [SpanFlags.UsageMissing] =
            "The call succeeded but reported no usage, so nothing could be priced; its real cost is unknown, not zero.",
        [SpanFlags.FailedNoUsage] = "The attempt failed and reported no usage; it is counted as a failed call without cost.",
        [SpanFlags.AggregateFallback] = "No single calls were seen below this span, so the total it reported itself was billed.",
        [SpanFlags.CumulativeSuspect] =
            "The reported usage may be a running total; only the growth since the span before was billed.",
        [SpanFlags.LeafNestedMismatch] =
            "Two nested spans look like one call but report different usage; the outer one was treated as a container.",
        [SpanFlags.RoleGuessed] =
            "The span does not say what kind of operation it is; this was guessed from the usage it carries.",
        [SpanFlags.UnknownOperation] = "The span names an operation that is not known here.",
        [SpanFlags.UnknownModel] = "No model could be found on the span, or none that is known.",
        [SpanFlags.TierUnknown] = "The service tier is unknown; the standard tier was assumed.",
        [SpanFlags.EstimatedTokens] = "The token counts are estimates of the sender, not the provider's own numbers.",
        [SpanFlags.IdentityConflict] = "The span names another customer than the span above it; its own value was taken.",
        [SpanFlags.IdentityInferred] = "The customer or feature is not on this span; it was found elsewhere.",
        [SpanFlags.Orphan] = "The parent of this span has not been received.",
        [SpanFlags.UnexplainedResidual] =
            "The span reports more usage than the calls seen below it; the difference is listed but not billed.",
        [SpanFlags.AggregateFallbackResidual] =
            "A call below this span reported no usage, so what the span reports beyond its other calls was billed here.",
        [SpanFlags.CacheWriteUnobservable] =
            "The instrumentation cannot show cache writes; if there were any, they are billed as plain input.",
        [SpanFlags.CacheReadUnallocated] =
            "It is not told whether cached tokens were text, audio, image or video; all were taken for text.",
        [SpanFlags.DuplicateUsageMismatch] =
            "Two spans of the same call report different usage; the more detailed one was billed.",
        [SpanFlags.CrossTraceDuplicate] = "The same call was also reported in another trace, which it is billed in.",
        [SpanFlags.LateCorrection] = 
            "The row was added or changed after its trace had been posted, because of what arrived late.",
        [SpanFlags.ClockSkew] = "The span's start time is too far from when it was received; the receive time was used instead.",
        [SpanFlags.EndBeforeStart] = "The span ends before it starts; its duration was taken as 0.",
        [SpanFlags.Sampled] =
            "The trace was sampled before it reached us, so spans are missing; the cost shown is not scaled up.",
        [SpanFlags.MixedCustomers] = "The run serves several customers, so it has no single one.",
        [SpanFlags.ParentLoop] = "The parents of this span lead back to itself; the loop was cut.",
        [SpanFlags.ValueTruncated] = "A text on the span was too long and was cut.",
        [SpanFlags.AttributesOverLimit] = "The span carries more attributes than are read; the rest was skipped.",
        [SpanFlags.UsageIncompleteDialect] =
            "The instrumentation reports only a part of the usage, so the cost is a lower bound.",
        [SpanFlags.CostOverflow] =
            "A quantity or price was too large to be true; the value was rejected and the row left without a price.",
        [SpanFlags.SiblingDuplicate] = "A span beside this one reports the same call; it is billed once.",
        [SpanFlags.MissingRoot] = "The parent of this span and the first span of the trace have not been received.",
        [SpanFlags.TraceOverLimit] = 
            "The trace has more spans than are kept together; those beyond the limit that carry no usage were left out.",
        [SpanFlags.SnapshotMissing] =
            "The rates or rules this entry was first posted with were not kept, so the correction used those of today.",
        [SpanFlags.CacheReadUnobservable] =
            "The instrumentation does not show cached tokens; if there were any, they are billed as plain input.",
        [SpanFlags.ReasoningUnobservable] =
            "The instrumentation does not show reasoning tokens; if there were any, they are billed as plain output.",
        [SpanFlags.UsageMayBeEstimated] =
            "The instrumentation makes up token counts where the provider sent none, and does not say when; these may be such.",
        [SpanFlags.UnitFallbackPrice] =
            "The rate card does not say what some of the usage costs, so the rate of another unit was taken for it.",
        [SpanFlags.ListPriceMissing] =
            "A contract priced this and there is no list price for it, so the list cost shows no discount.",
        [SpanFlags.ReasoningInclusionGuessed] =
            "It is not certain whether the reported output already contains the reasoning tokens; the usual way was assumed.",
        [SpanFlags.UncachedMismatch] =
            "The uncached input reported does not fit the total input and the cached tokens; it was taken as reported.",
        [SpanFlags.UsageLineUnknown] =
            "The reported usage has a line that is not known here, so a part of it was not billed.",
        [SpanFlags.SilentSibling] =
            "This call reported no usage and runs beside one of another instrumentation; they may be the same call.",
        [SpanFlags.CostCurrency] = "The reported cost is not in US dollars; it was treated as not reported.",
        [SpanFlags.CostNotBilled] =
            "The span reports a cost, but it is no call, no total over calls and no tool; the cost was not billed.",
        [SpanFlags.ReportedCostDeviates] =
            "The provider reported another cost than ours, by more than the rate book calls normal; both are on the row.",
        [SpanFlags.CostItemUnreadable] =
            "A cost rule applies to the span, but its quantity is missing or no number, so what it costs is unknown.",
    }.ToFrozenDictionary(pair => SpanFlagNames.NameOf(pair.Key), pair => pair.Value, StringComparer.Ordinal);

    /// <summary>All flags, ordered by name.</summary>
    public static readonly IReadOnlyList<string> Names = [.. ByName.Keys.Order(StringComparer.Ordinal)];

    /// <summary>One or two sentences; for a flag written by a newer program, one that says so.</summary>
    public static string For(string flag) =>
        ByName.GetValueOrDefault(flag, "This flag is not known to this version of the program.");

    public static bool Knows(string flag) => ByName.ContainsKey(flag);
}
