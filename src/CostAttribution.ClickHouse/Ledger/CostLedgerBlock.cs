using System.Numerics;
using CostAttribution.ClickHouse.Native;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;

namespace CostAttribution.ClickHouse.Ledger;

/// <summary>Ledger entries as one block for <c>cost_ledger</c>. A reversal's additive columns are negated here.</summary>
public sealed class CostLedgerBlock : RowBlock
{
    public const string TableName = "cost_ledger";

    private readonly FixedWidthColumn<long> eventTime;
    private readonly FixedWidthColumn<long> postedAt;
    private readonly FixedWidthColumn<sbyte> entryKind;
    private readonly FixedWidthColumn<sbyte> costKind;
    private readonly FixedWidthColumn<sbyte> sign;
    private readonly FixedStringColumn entryId;
    private readonly FixedStringColumn corrects;
    private readonly FixedWidthColumn<uint> revision;
    private readonly LowCardinalityColumn costItem;
    private readonly LowCardinalityColumn reason;
    private readonly StringColumn postingId;
    private readonly FixedWidthColumn<ushort> accountingDate;
    private readonly StringColumn traceId;
    private readonly StringColumn spanId;
    private readonly StringColumn parentSpanId;
    private readonly StringColumn runId;
    private readonly LowCardinalityColumn workflow;
    private readonly LowCardinalityColumn step;
    private readonly LowCardinalityColumn agent;
    private readonly FixedWidthColumn<ushort> attempt;
    private readonly FixedWidthColumn<sbyte> callStatus;
    private readonly LowCardinalityColumn operation;
    private readonly LowCardinalityColumn provider;
    private readonly LowCardinalityColumn model;
    private readonly LowCardinalityColumn requestModel;
    private readonly LowCardinalityColumn serviceTier;
    private readonly LowCardinalityColumn region;
    private readonly LowCardinalityColumn seller;
    private readonly LowCardinalityColumn providerAccount;
    private readonly LowCardinalityColumn providerProject;
    private readonly LowCardinalityColumn providerKey;
    private readonly LowCardinalityColumn geography;
    private readonly LowCardinalityColumn endpoint;
    private readonly LowCardinalityColumn speed;
    private readonly StringColumn customerId;
    private readonly StringColumn featureId;
    private readonly StringColumn product;
    private readonly StringColumn team;
    private readonly StringColumn environment;
    private readonly StringColumn userId;
    private readonly StringColumn sessionId;
    private readonly StringColumn plan;
    private readonly StringColumn audience;
    private readonly MapColumn<LowCardinalityColumn, StringColumn> dimensions;
    private readonly FixedWidthColumn<sbyte> customerEvidence;
    private readonly FixedWidthColumn<sbyte> featureEvidence;
    private readonly FixedWidthColumn<long> inputTokens;
    private readonly FixedWidthColumn<long> cacheReadTokens;
    private readonly FixedWidthColumn<long> cacheWriteTokens;
    private readonly FixedWidthColumn<long> cacheWrite1hTokens;
    private readonly FixedWidthColumn<long> outputTokens;
    private readonly FixedWidthColumn<long> reasoningTokens;
    private readonly MapColumn<StringColumn, FixedWidthColumn<long>> otherUnits;
    private readonly FixedWidthColumn<sbyte> calls;
    private readonly FixedWidthColumn<sbyte> failedCalls;
    private readonly FixedWidthColumn<Int128> inputCost;
    private readonly FixedWidthColumn<Int128> cacheReadCost;
    private readonly FixedWidthColumn<Int128> cacheWriteCost;
    private readonly FixedWidthColumn<Int128> outputCost;
    private readonly FixedWidthColumn<Int128> reasoningCost;
    private readonly FixedWidthColumn<Int128> otherCost;
    private readonly FixedWidthColumn<Int128> cost;
    private readonly FixedWidthColumn<Int128> listCost;
    private readonly FixedWidthColumn<Int128> retryCost;
    private readonly NullableColumn<Int128> providerReportedCost;
    private readonly FixedWidthColumn<sbyte> priceStatus;
    private readonly LowCardinalityColumn unpricedUnit;
    private readonly LowCardinalityColumn rateId;
    private readonly FixedWidthColumn<long> rateBookVersion;
    private readonly FixedWidthColumn<long> attributionVersion;
    private readonly FixedWidthColumn<sbyte> ownership;
    private readonly ArrayColumn<LowCardinalityColumn> flags;

    public CostLedgerBlock() : base(TableName)
    {
        eventTime = Add("event_time", Columns.DateTimeMicros());
        postedAt = Add("posted_at", Columns.DateTimeMillis());
        entryKind = Add("entry_kind", Columns.Enum8(SchemaEnums.EntryKind));
        costKind = Add("cost_kind", Columns.Enum8(SchemaEnums.CostKind));
        sign = Add("sign", Columns.Int8());
        entryId = Add("entry_id", Columns.FixedString(16));
        corrects = Add("corrects", Columns.FixedString(16));
        revision = Add("revision", Columns.UInt32());
        costItem = Add("cost_item", Columns.LowCardinality());
        reason = Add("reason", Columns.LowCardinality());
        postingId = Add("posting_id", Columns.String());
        accountingDate = Add("accounting_date", Columns.Date());
        traceId = Add("trace_id", Columns.String());
        spanId = Add("span_id", Columns.String());
        parentSpanId = Add("parent_span_id", Columns.String());
        runId = Add("run_id", Columns.String());
        workflow = Add("workflow", Columns.LowCardinality());
        step = Add("step", Columns.LowCardinality());
        agent = Add("agent", Columns.LowCardinality());
        attempt = Add("attempt", Columns.UInt16());
        callStatus = Add("call_status", Columns.Enum8(SchemaEnums.CallStatus));
        operation = Add("operation", Columns.LowCardinality());
        provider = Add("provider", Columns.LowCardinality());
        model = Add("model", Columns.LowCardinality());
        requestModel = Add("request_model", Columns.LowCardinality());
        serviceTier = Add("service_tier", Columns.LowCardinality());
        region = Add("region", Columns.LowCardinality());
        seller = Add("seller", Columns.LowCardinality());
        providerAccount = Add("provider_account", Columns.LowCardinality());
        providerProject = Add("provider_project", Columns.LowCardinality());
        providerKey = Add("provider_key", Columns.LowCardinality());
        geography = Add("geography", Columns.LowCardinality());
        endpoint = Add("endpoint", Columns.LowCardinality());
        speed = Add("speed", Columns.LowCardinality());
        customerId = Add("customer_id", Columns.String());
        featureId = Add("feature_id", Columns.String());
        product = Add("product", Columns.String());
        team = Add("team", Columns.String());
        environment = Add("environment", Columns.String());
        userId = Add("user_id", Columns.String());
        sessionId = Add("session_id", Columns.String());
        plan = Add("plan", Columns.String());
        audience = Add("audience", Columns.String());
        dimensions = Add("dimensions", Columns.Map(Columns.LowCardinality(), Columns.String()));
        customerEvidence = Add("customer_evidence", Columns.Enum8(SchemaEnums.Evidence));
        featureEvidence = Add("feature_evidence", Columns.Enum8(SchemaEnums.Evidence));
        inputTokens = Add("input_tokens", Columns.Int64());
        cacheReadTokens = Add("cache_read_tokens", Columns.Int64());
        cacheWriteTokens = Add("cache_write_tokens", Columns.Int64());
        cacheWrite1hTokens = Add("cache_write_1h_tokens", Columns.Int64());
        outputTokens = Add("output_tokens", Columns.Int64());
        reasoningTokens = Add("reasoning_tokens", Columns.Int64());
        otherUnits = Add("other_units", Columns.Map(Columns.String(), Columns.Int64()));
        calls = Add("calls", Columns.Int8());
        failedCalls = Add("failed_calls", Columns.Int8());
        inputCost = Add("input_cost", Columns.Decimal());
        cacheReadCost = Add("cache_read_cost", Columns.Decimal());
        cacheWriteCost = Add("cache_write_cost", Columns.Decimal());
        outputCost = Add("output_cost", Columns.Decimal());
        reasoningCost = Add("reasoning_cost", Columns.Decimal());
        otherCost = Add("other_cost", Columns.Decimal());
        cost = Add("cost", Columns.Decimal());
        listCost = Add("list_cost", Columns.Decimal());
        retryCost = Add("retry_cost", Columns.Decimal());
        providerReportedCost = Add("provider_reported_cost", Columns.NullableDecimal());
        priceStatus = Add("price_status", Columns.Enum8(SchemaEnums.PriceStatus));
        unpricedUnit = Add("unpriced_unit", Columns.LowCardinality());
        rateId = Add("rate_id", Columns.LowCardinality());
        rateBookVersion = Add("rate_book_version", Columns.Int64());
        attributionVersion = Add("attribution_version", Columns.Int64());
        ownership = Add("ownership", Columns.Enum8(SchemaEnums.Ownership));
        flags = Add("flags", Columns.Array(Columns.LowCardinality()));
    }

    public void Append(IReadOnlyList<LedgerEntry> entries)
    {
        for (var i = 0; i < entries.Count; i++) Append(entries[i]);
    }

    public void Append(LedgerEntry entry)
    {
        AppendPosting(entry);
        AppendRun(entry);
        AppendAttribution(entry);
        AppendUsage(entry);
        AppendCost(entry);
        ownership.Append((sbyte)entry.Ownership);
        for (var rest = (ulong)entry.Flags; rest != 0; rest &= rest - 1)
        {
            flags.Elements.Append(SpanFlagNames.NameOf((SpanFlags)(1UL << BitOperations.TrailingZeroCount(rest))));
        }
        flags.EndRow();
    }

    private void AppendPosting(LedgerEntry entry)
    {
        eventTime.Append(entry.EventTimeMicros);
        postedAt.Append(entry.PostedAtMillis);
        entryKind.Append((sbyte)entry.EntryKind);
        costKind.Append((sbyte)entry.CostKind);
        sign.Append(entry.Sign is 1 or -1 ? entry.Sign
            : throw new InvalidOperationException($"a ledger entry has sign {entry.Sign}"));
        entryId.Append(entry.EntryId);
        corrects.Append(entry.Corrects);
        revision.Append((uint)entry.Revision);
        costItem.Append(entry.CostItem);
        reason.Append(SchemaEnums.Reason(entry.Reason));
        postingId.Append(entry.PostingId);
        accountingDate.Append(entry.AccountingDay);
        traceId.Append(entry.TraceId);
        spanId.Append(entry.SpanId);
        parentSpanId.Append(entry.ParentSpanId);
    }

    private void AppendRun(LedgerEntry entry)
    {
        runId.Append(entry.RunId);
        workflow.Append(entry.Workflow);
        step.Append(entry.Step);
        agent.Append(entry.Agent);
        attempt.Append(entry.Attempt);
        callStatus.Append((sbyte)entry.CallStatus);
        operation.Append(entry.Operation);
        provider.Append(entry.Provider);
        model.Append(entry.Model);
        requestModel.Append(entry.RequestModel);
        serviceTier.Append(entry.ServiceTier);
        region.Append(entry.Region);
        seller.Append(entry.Seller);
        providerAccount.Append(entry.ProviderAccount);
        providerProject.Append(entry.ProviderProject);
        providerKey.Append(entry.ProviderKey);
        geography.Append(entry.Geography);
        endpoint.Append(entry.Endpoint);
        speed.Append(entry.Speed);
    }

    private void AppendAttribution(LedgerEntry entry)
    {
        customerId.Append(entry.CustomerId);
        featureId.Append(entry.FeatureId);
        product.Append(entry.Product);
        team.Append(entry.Team);
        environment.Append(entry.Environment);
        userId.Append(entry.UserId);
        sessionId.Append(entry.SessionId);
        plan.Append(entry.Plan);
        audience.Append(entry.Audience);
        foreach (var (name, value) in entry.Dimensions)
        {
            dimensions.Keys.Append(name);
            dimensions.Values.Append(value);
        }
        dimensions.EndRow();
        customerEvidence.Append((sbyte)entry.CustomerEvidence);
        featureEvidence.Append((sbyte)entry.FeatureEvidence);
    }

    private void AppendUsage(LedgerEntry entry)
    {
        ref var usage = ref entry.Usage;
        long factor = entry.Sign;
        inputTokens.Append(factor * usage.InputTokens);
        cacheReadTokens.Append(factor * usage.CacheReadTokens);
        cacheWriteTokens.Append(factor * usage.CacheWriteTokens);
        cacheWrite1hTokens.Append(factor * usage.CacheWrite1hTokens);
        outputTokens.Append(factor * usage.OutputTokens);
        reasoningTokens.Append(factor * usage.ReasoningTokens);
        foreach (var (unit, quantity) in usage.OtherUnits ?? [])
        {
            otherUnits.Keys.Append(unit);
            otherUnits.Values.Append(factor * quantity);
        }
        otherUnits.EndRow();
        calls.Append((sbyte)(factor * entry.Calls));
        failedCalls.Append((sbyte)(factor * entry.FailedCalls));
    }

    private void AppendCost(LedgerEntry entry)
    {
        ref var breakdown = ref entry.Cost;
        Int128 factor = entry.Sign;
        inputCost.Append(factor * breakdown.InputCost.PicoUsd);
        cacheReadCost.Append(factor * breakdown.CacheReadCost.PicoUsd);
        cacheWriteCost.Append(factor * breakdown.CacheWriteCost.PicoUsd);
        outputCost.Append(factor * breakdown.OutputCost.PicoUsd);
        reasoningCost.Append(factor * breakdown.ReasoningCost.PicoUsd);
        otherCost.Append(factor * breakdown.OtherCost.PicoUsd);
        cost.Append(factor * InRange(breakdown.Cost).PicoUsd);
        listCost.Append(factor * breakdown.ListCost.PicoUsd);
        retryCost.Append(factor * entry.RetryCost.PicoUsd);
        providerReportedCost.Append(entry.ProviderReportedCost is { } reported ? factor * reported.PicoUsd : null);
        priceStatus.Append((sbyte)breakdown.Status);
        unpricedUnit.Append(breakdown.UnpricedUnit ?? "");
        rateId.Append(breakdown.RateId ?? "");
        rateBookVersion.Append(entry.RateBookVersion);
        attributionVersion.Append(entry.AttributionVersion);
    }

    /// <summary>
    /// Costing rejects what a <c>Decimal(38, 12)</c> cannot hold; a value that slipped through must not be stored cut.
    /// </summary>
    private static Money InRange(Money cost) => Int128.Abs(cost.PicoUsd) <= Money.PicoUsdMax
        ? cost
        : throw new InvalidOperationException("a ledger entry's cost is out of range");
}
