using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Native;

namespace CostAttribution.ClickHouse.Facts;

/// <summary>Run segments as one block for <c>run_segments</c>.</summary>
public sealed class RunSegmentBlock : RowBlock
{
    public const string TableName = "run_segments";

    private readonly StringColumn runId;
    private readonly StringColumn traceId;
    private readonly FixedWidthColumn<uint> revision;
    private readonly StringColumn postingId;
    private readonly FixedWidthColumn<long> postedAt;
    private readonly FixedWidthColumn<long> startedAt;
    private readonly FixedWidthColumn<long> endedAt;
    private readonly LowCardinalityColumn workflow;
    private readonly LowCardinalityColumn agent;
    private readonly StringColumn[] identity;
    private readonly FixedWidthColumn<sbyte> status;
    private readonly FixedWidthColumn<byte> mixedCustomers;
    private readonly FixedWidthColumn<uint>[] counts;
    private readonly FixedWidthColumn<long>[] tokens;
    private readonly FixedWidthColumn<Int128>[] costs;
    private readonly FixedWidthColumn<uint> unpricedCalls;
    private readonly FixedWidthColumn<uint> usageMissingCalls;

    public RunSegmentBlock() : base(TableName)
    {
        runId = Add("run_id", Columns.String());
        traceId = Add("trace_id", Columns.String());
        revision = Add("revision", Columns.UInt32());
        postingId = Add("posting_id", Columns.String());
        postedAt = Add("posted_at", Columns.DateTimeMillis());
        startedAt = Add("started_at", Columns.DateTimeMicros());
        endedAt = Add("ended_at", Columns.DateTimeMicros());
        workflow = Add("workflow", Columns.LowCardinality());
        agent = Add("agent", Columns.LowCardinality());
        identity = AddAll(Columns.String, "customer_id", "feature_id", "environment", "product", "team", "plan");
        status = Add("status", Columns.Enum8(SchemaEnums.RunStatus));
        mixedCustomers = Add("mixed_customers", Columns.Bool());
        counts = AddAll(Columns.UInt32, "steps", "attempts", "retries", "calls", "failed_calls");
        tokens = AddAll(Columns.Int64, "input_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens",
            "output_tokens", "reasoning_tokens");
        costs = AddAll(Columns.Decimal, "cost", "list_cost", "retry_cost");
        unpricedCalls = Add("unpriced_calls", Columns.UInt32());
        usageMissingCalls = Add("usage_missing_calls", Columns.UInt32());
    }

    public void Append(RunSegmentRow row)
    {
        runId.Append(row.RunId);
        traceId.Append(row.TraceId);
        revision.Append((uint)row.Revision);
        postingId.Append(row.PostingId);
        postedAt.Append(row.PostedAtMillis);
        startedAt.Append(row.StartedAtMicros);
        endedAt.Append(row.EndedAtMicros);
        workflow.Append(row.Workflow);
        agent.Append(row.Agent);
        ReadOnlySpan<string> identityValues = [row.CustomerId, row.FeatureId, row.Environment, row.Product, row.Team, row.Plan];
        for (var i = 0; i < identityValues.Length; i++) identity[i].Append(identityValues[i]);
        status.Append((sbyte)row.Status);
        mixedCustomers.Append(row.MixedCustomers ? (byte)1 : (byte)0);
        ReadOnlySpan<int> countValues = [row.Steps, row.Attempts, row.Retries, row.Calls, row.FailedCalls];
        for (var i = 0; i < countValues.Length; i++) counts[i].Append(checked((uint)countValues[i]));
        ReadOnlySpan<long> tokenValues =
            [row.InputTokens, row.CacheReadTokens, row.CacheWriteTokens, row.CacheWrite1hTokens, row.OutputTokens,
                row.ReasoningTokens];
        for (var i = 0; i < tokenValues.Length; i++) tokens[i].Append(tokenValues[i]);
        costs[0].Append(row.Cost.PicoUsd);
        costs[1].Append(row.ListCost.PicoUsd);
        costs[2].Append(row.RetryCost.PicoUsd);
        unpricedCalls.Append(checked((uint)row.UnpricedCalls));
        usageMissingCalls.Append(checked((uint)row.UsageMissingCalls));
    }

    private TColumn[] AddAll<TColumn>(Func<TColumn> create, params string[] names) where TColumn : NativeColumn =>
        [.. names.Select(name => Add(name, create()))];
}
