using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Simulation.Checks;

/// <summary>What a ledger entry says, column by column, apart from when and how it was posted.</summary>
internal static class EntryText
{
    public static IReadOnlyList<(string Column, object? Value)> Of(LedgerEntry entry)
    {
        var (usage, cost) = (entry.Usage, entry.Cost);
        return [
            ("cost_kind", entry.CostKind), ("cost_item", entry.CostItem), ("event_time", entry.EventTimeMicros),
            ("accounting_date", entry.AccountingDay), ("trace_id", entry.TraceId), ("span_id", entry.SpanId),
            ("parent_span_id", entry.ParentSpanId), ("run_id", entry.RunId), ("workflow", entry.Workflow), ("step", entry.Step),
            ("agent", entry.Agent), ("attempt", entry.Attempt), ("call_status", entry.CallStatus), ("operation", entry.Operation),
            ("provider", entry.Provider), ("model", entry.Model), ("request_model", entry.RequestModel),
            ("service_tier", entry.ServiceTier), ("region", entry.Region), ("seller", entry.Seller),
            ("provider_account", entry.ProviderAccount), ("provider_project", entry.ProviderProject), ("provider_key", entry.ProviderKey),
            ("geography", entry.Geography), ("endpoint", entry.Endpoint), ("speed", entry.Speed), ("customer_id", entry.CustomerId),
            ("feature_id", entry.FeatureId), ("product", entry.Product), ("team", entry.Team), ("environment", entry.Environment),
            ("user_id", entry.UserId), ("session_id", entry.SessionId), ("plan", entry.Plan), ("audience", entry.Audience),
            ("dimensions", string.Join(',', entry.Dimensions)), ("customer_evidence", entry.CustomerEvidence),
            ("feature_evidence", entry.FeatureEvidence), ("input_tokens", usage.InputTokens),
            ("cache_read_tokens", usage.CacheReadTokens), ("cache_write_tokens", usage.CacheWriteTokens),
            ("cache_write_1h_tokens", usage.CacheWrite1hTokens), ("output_tokens", usage.OutputTokens),
            ("reasoning_tokens", usage.ReasoningTokens),
            ("other_units", string.Join(',', (usage.OtherUnits ?? []).Select(unit => $"{unit.Unit}:{unit.Quantity}"))),
            ("calls", entry.Calls), ("failed_calls", entry.FailedCalls), ("input_cost", cost.InputCost),
            ("cache_read_cost", cost.CacheReadCost), ("cache_write_cost", cost.CacheWriteCost), ("output_cost", cost.OutputCost),
            ("reasoning_cost", cost.ReasoningCost), ("other_cost", cost.OtherCost), ("cost", cost.Cost),
            ("list_cost", cost.ListCost), ("retry_cost", entry.RetryCost), ("provider_reported_cost", entry.ProviderReportedCost),
            ("price_status", cost.Status), ("unpriced_unit", cost.UnpricedUnit ?? ""), ("rate_id", cost.RateId ?? ""),
            ("rate_book_version", entry.RateBookVersion), ("attribution_version", entry.AttributionVersion),
            ("ownership", entry.Ownership),
        ];
    }

    /// <summary>The columns in which two entries differ; empty when they say the same.</summary>
    /// <param name="wholeFlags">Whether the flag that tells a correction from a first posting counts, too.</param>
    public static string Difference(LedgerEntry expected, LedgerEntry actual, bool wholeFlags) =>
        Difference(expected, actual, wholeFlags ? SpanFlags.None : SpanFlags.LateCorrection);

    /// <summary>Whether two entries say the same, but for flags that only tell how the later one came about.</summary>
    public static bool AreAlike(LedgerEntry left, LedgerEntry right) =>
        Difference(left, right, SpanFlags.LateCorrection | SpanFlags.SnapshotMissing).Length == 0;

    private static string Difference(LedgerEntry expected, LedgerEntry actual, SpanFlags ignored)
    {
        var (left, right) = (Of(expected), Of(actual));
        var differences = new List<string>();
        for (var i = 0; i < left.Count; i++)
        {
            if (!Equals(left[i].Value, right[i].Value)) differences.Add($"{left[i].Column} is '{right[i].Value}', not '{left[i].Value}'");
        }
        if ((expected.Flags & ~ignored) != (actual.Flags & ~ignored)) differences.Add($"flags are {actual.Flags}, not {expected.Flags}");
        return string.Join("; ", differences);
    }
}
