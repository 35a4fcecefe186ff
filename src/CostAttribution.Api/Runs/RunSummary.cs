using CostAttribution.Api.Reading;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.Api.Runs;

/// <summary>One workflow run, as the view <c>workflow_runs</c> shows it.</summary>
public sealed record RunSummary
{
    /// <summary>Explicit run id, else the trace id.</summary>
    public required string RunId { get; init; }

    /// <summary>Earliest start of its spans.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Latest end of its spans.</summary>
    public required DateTimeOffset EndedAt { get; init; }

    /// <summary>From start to end, in milliseconds.</summary>
    public required long DurationMs { get; init; }

    /// <summary>Name of the workflow.</summary>
    public required string Workflow { get; init; }

    /// <summary>Name of the outermost agent.</summary>
    public required string Agent { get; init; }

    /// <summary>The run's one customer; empty when it has none, or several.</summary>
    public required string Customer { get; init; }

    /// <summary>The run's feature; empty when unattributed.</summary>
    public required string Feature { get; init; }

    /// <summary>Deployment environment; empty when unknown.</summary>
    public required string Environment { get; init; }

    /// <summary>Product; empty when unattributed.</summary>
    public required string Product { get; init; }

    /// <summary>Team; empty when unattributed.</summary>
    public required string Team { get; init; }

    /// <summary>The customer's plan; empty when unknown.</summary>
    public required string Plan { get; init; }

    /// <summary>completed, failed, incomplete or open.</summary>
    public required string Status { get; init; }

    /// <summary>Traces it consists of.</summary>
    public required long Traces { get; init; }

    /// <summary>Distinct steps.</summary>
    public required long Steps { get; init; }

    /// <summary>Provider attempts, failed ones included.</summary>
    public required long Attempts { get; init; }

    /// <summary>Attempts after the first of the same call.</summary>
    public required long Retries { get; init; }

    /// <summary>Provider calls that succeeded or returned usage.</summary>
    public required long Calls { get; init; }

    /// <summary>Attempts that failed without usage.</summary>
    public required long FailedCalls { get; init; }

    /// <summary>Input neither read from nor written to a cache.</summary>
    public required long InputTokens { get; init; }

    /// <summary>Input read from a cache.</summary>
    public required long CacheReadTokens { get; init; }

    /// <summary>Input written to a cache with a five-minute or an unknown time to live.</summary>
    public required long CacheWriteTokens { get; init; }

    /// <summary>Input written to a cache with a one-hour time to live.</summary>
    public required long CacheWrite1hTokens { get; init; }

    /// <summary>Output without reasoning.</summary>
    public required long OutputTokens { get; init; }

    /// <summary>Reasoning output.</summary>
    public required long ReasoningTokens { get; init; }

    /// <summary>USD. A lower bound when unpricedCalls is not 0.</summary>
    public required Money Cost { get; init; }

    /// <summary>The same usage at list price, USD.</summary>
    public required Money ListCost { get; init; }

    /// <summary>The part of cost spent on attempts that did not succeed, USD.</summary>
    public required Money RetryCost { get; init; }

    /// <summary>Calls whose cost is unknown in whole or in part.</summary>
    public required long UnpricedCalls { get; init; }

    /// <summary>Calls that reported no usage.</summary>
    public required long UsageMissingCalls { get; init; }

    /// <summary>mixed_customers when the run serves several customers.</summary>
    public required IReadOnlyList<string> Flags { get; init; }

    /// <summary>When a posting last changed the run.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    internal const string Columns = """
        run_id, toUnixTimestamp64Micro(toDateTime64(started_at, 6)) AS started_micros,
            toUnixTimestamp64Micro(toDateTime64(ended_at, 6)) AS ended_micros, toInt64(duration_ms) AS duration,
            workflow, agent, customer_id, feature_id, environment, product, team, plan, toString(status) AS run_status,
            traces, steps, attempts, retries, calls, failed_calls,
            input_tokens, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens,
            cost, list_cost, retry_cost, unpriced_calls, usage_missing_calls, flags,
            toUnixTimestamp64Milli(toDateTime64(updated_at, 3)) AS updated_millis
        """;

    internal static RunSummary Read(StoreRow row) => new()
    {
        RunId = row.Text("run_id"),
        StartedAt = row.Micros("started_micros"),
        EndedAt = row.Micros("ended_micros"),
        DurationMs = row.Count("duration"),
        Workflow = row.Text("workflow"),
        Agent = row.Text("agent"),
        Customer = row.Text("customer_id"),
        Feature = row.Text("feature_id"),
        Environment = row.Text("environment"),
        Product = row.Text("product"),
        Team = row.Text("team"),
        Plan = row.Text("plan"),
        Status = row.Text("run_status"),
        Traces = row.Count("traces"),
        Steps = row.Count("steps"),
        Attempts = row.Count("attempts"),
        Retries = row.Count("retries"),
        Calls = row.Count("calls"),
        FailedCalls = row.Count("failed_calls"),
        InputTokens = row.Count("input_tokens"),
        CacheReadTokens = row.Count("cache_read_tokens"),
        CacheWriteTokens = row.Count("cache_write_tokens"),
        CacheWrite1hTokens = row.Count("cache_write_1h_tokens"),
        OutputTokens = row.Count("output_tokens"),
        ReasoningTokens = row.Count("reasoning_tokens"),
        Cost = row.Money("cost"),
        ListCost = row.Money("list_cost"),
        RetryCost = row.Money("retry_cost"),
        UnpricedCalls = row.Count("unpriced_calls"),
        UsageMissingCalls = row.Count("usage_missing_calls"),
        Flags = row.Texts("flags"),
        UpdatedAt = row.Millis("updated_millis"),
    };
}
