using System.Globalization;
using System.Text.Json.Nodes;

namespace CostAttribution.UnitTests.Api;

/// <summary>Rows as the store would send them.</summary>
internal static class StoreAnswers
{
    public static string CostLine(bool total, string cost, long calls = 1, params string[] dimensions)
    {
        var row = new JsonObject { ["is_total"] = total ? 1 : 0 };
        for (var i = 0; i < dimensions.Length; i++) row[$"d{i.ToString(CultureInfo.InvariantCulture)}"] = dimensions[i];
        foreach (var measure in new[] { "cost", "list_cost", "retry_cost", "unattributed_cost" }) row[measure + "_sum"] = cost;
        row["calls_sum"] = calls;
        foreach (var measure in new[]
        {
            "failed_calls", "input_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens", "output_tokens",
            "reasoning_tokens", "unpriced_calls", "usage_missing_calls",
        })
        {
            row[measure + "_sum"] = 0;
        }
        row["other_units_sum"] = new JsonObject { ["images"] = 2, ["pages"] = 0 };
        return row.ToJsonString() + "\n";
    }

    public static string RunLine(string runId, string cost = "1.5", long startedMicros = 1_773_500_000_000_000)
    {
        var row = new JsonObject
        {
            ["run_id"] = runId, ["started_micros"] = startedMicros, ["ended_micros"] = startedMicros + 2_500_000,
                ["duration"] = 2500,
            ["workflow"] = "triage", ["agent"] = "desk", ["customer_id"] = "acme", ["feature_id"] = "summarize",
                ["environment"] = "production",
            ["product"] = "", ["team"] = "", ["plan"] = "pro", ["run_status"] = "completed",
                ["updated_millis"] = 1_773_500_010_000,
            ["cost"] = cost, ["list_cost"] = "2", ["retry_cost"] = "0", ["usage_missing_calls"] = 0,
            ["flags"] = new JsonArray(),
        };
        foreach (var count in new[]
        {
            "traces", "steps", "attempts", "retries", "calls", "failed_calls", "input_tokens", "cache_read_tokens",
                "cache_write_tokens",
            "cache_write_1h_tokens", "output_tokens", "reasoning_tokens", "unpriced_calls",
        })
        {
            row[count] = 1;
        }
        return row.ToJsonString() + "\n";
    }

    public static string SpanLine(
        string spanId, string parent = "", string ownership = "owner", string supersededBy = "", string role = "leaf",
            string trace = Trace, params string[] flags) =>
        new JsonObject
        {
            ["trace_id"] = trace, ["span_id"] = spanId, ["parent_span_id"] = parent, ["name"] = "chat", ["service"] = "desk",
                ["scope"] = "gen_ai.client",
            ["start_micros"] = 1_773_500_000_000_000, ["end_micros"] = 1_773_500_001_000_000, ["role_name"] = role,
                ["ownership_name"] = ownership,
            ["superseded_by"] = supersededBy, ["dialect"] = "otel_genai",
            ["flags"] = new JsonArray([.. flags.Select(flag => JsonValue.Create(flag))]), ["settled"] = true,
                ["customer_id"] = "acme", ["feature_id"] = "",
            ["reported"] = new JsonObject { ["input_tokens"] = "1000" }, ["excess"] = new JsonObject(),
        }.ToJsonString() + "\n";

    public const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    public const string NoEntry = "00000000000000000000000000000000";

    public static string LedgerLine(string entry, string span, string cost, int sign = 1, string corrects = NoEntry,
        string reason = "first",
        string kind = "usage", long postedMillis = 1_773_500_005_000, Action<JsonObject>? change = null)
    {
        var row = new JsonObject
        {
            ["entry"] = entry, ["corrected"] = corrects, ["entry_kind_name"] = kind, ["cost_kind_name"] = "usage",
                ["sign"] = sign,
            ["cost_item"] = "", ["reason"] = reason, ["posting_id"] = "node-1", ["posted_millis"] = postedMillis,
            ["event_micros"] = 1_773_500_000_000_000, ["accounting_day"] = "2026-03-14", ["trace_id"] = Trace, ["span_id"] = span,
            ["parent_span_id"] = "", ["run_id"] = Trace, ["workflow"] = "triage", ["step"] = "answer", ["agent"] = "desk",
                ["attempt"] = 1,
            ["call_status_name"] = "ok", ["operation"] = "chat", ["provider"] = "openai", ["model"] = "gpt-5",
                ["request_model"] = "gpt-5",
            ["service_tier"] = "", ["region"] = "", ["seller"] = "", ["customer_id"] = "acme", ["feature_id"] = "", ["product"] = "",
                ["team"] = "",
            ["environment"] = "production", ["user_id"] = "u-1", ["session_id"] = "s-1", ["plan"] = "", ["audience"] = "",
            ["dimensions"] = new JsonObject { ["tier"] = "gold" }, ["customer_evidence_name"] = "ancestor",
                ["feature_evidence_name"] = "none",
            ["input_tokens"] = 1000 * sign, ["cache_read_tokens"] = 0, ["cache_write_tokens"] = 0, ["cache_write_1h_tokens"] = 0,
            ["output_tokens"] = 0, ["reasoning_tokens"] = 0, ["other_units"] = new JsonObject(), ["calls"] = sign,
                ["failed_calls"] = 0,
            ["input_cost"] = cost, ["cache_read_cost"] = "0", ["cache_write_cost"] = "0", ["output_cost"] = "0",
                ["reasoning_cost"] = "0",
            ["other_cost"] = "0", ["cost"] = cost, ["list_cost"] = cost, ["provider_reported_cost"] = null, ["retry_cost"] = "0",
            ["price_status_name"] = "priced", ["unpriced_unit"] = "", ["rate_id"] = "openai/gpt-5@2025-08-07",
                ["rate_book_version"] = 7, ["attribution_version"] = 1,
            ["ownership_name"] = "owner", ["flags"] = new JsonArray("tier_unknown"),
        };
        change?.Invoke(row);
        return row.ToJsonString() + "\n";
    }
}
