SELECT run_id, toUnixTimestamp64Micro(toDateTime64(started_at, 6)) AS started_micros,
    toUnixTimestamp64Micro(toDateTime64(ended_at, 6)) AS ended_micros, toInt64(duration_ms) AS duration,
    workflow, agent, customer_id, feature_id, environment, product, team, plan, toString(status) AS run_status,
    traces, steps, attempts, retries, calls, failed_calls,
    input_tokens, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens,
    cost, list_cost, retry_cost, unpriced_calls, usage_missing_calls, flags,
    toUnixTimestamp64Milli(toDateTime64(updated_at, 3)) AS updated_millis
FROM workflow_runs
WHERE run_id = {run:String}

-- run = 4bf92f3577b34da6a3ce929d0e0e4736

SELECT lower(hex(entry_id)) AS entry, lower(hex(corrects)) AS corrected, toString(entry_kind) AS entry_kind_name,
    toString(cost_kind) AS cost_kind_name, sign, cost_item, reason, posting_id,
    toUnixTimestamp64Milli(posted_at) AS posted_millis, toUnixTimestamp64Micro(event_time) AS event_micros,
    toString(accounting_date) AS accounting_day, trace_id, span_id, parent_span_id, run_id, workflow, step, agent,
        attempt,
    toString(call_status) AS call_status_name, operation, provider, model, request_model, service_tier, region, seller,
    customer_id, feature_id, product, team, environment, user_id, session_id, plan, audience, dimensions,
    toString(customer_evidence) AS customer_evidence_name, toString(feature_evidence) AS feature_evidence_name,
    input_tokens, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens,
        other_units,
    calls, failed_calls, input_cost, cache_read_cost, cache_write_cost, output_cost, reasoning_cost, other_cost,
    cost, list_cost, provider_reported_cost, retry_cost, toString(price_status) AS price_status_name, unpriced_unit,
        rate_id,
    rate_book_version, attribution_version, toString(ownership) AS ownership_name, flags
FROM cost_ledger
WHERE run_id = {run:String}
ORDER BY trace_id, span_id, posted_at, cost_item, sign, entry_id
LIMIT 50001

-- run = 4bf92f3577b34da6a3ce929d0e0e4736

SELECT trace_id, span_id, parent_span_id, name, service, scope,
    toUnixTimestamp64Micro(toDateTime64(start_time, 6)) AS start_micros,
        toUnixTimestamp64Micro(toDateTime64(end_time, 6)) AS end_micros,
    toString(role) AS role_name, toString(ownership) AS ownership_name, superseded_by, dialect, flags, settled,
    customer_id, feature_id, reported, excess
FROM spans
WHERE trace_id IN (SELECT trace_id FROM run_segments WHERE run_id = {run:String})
ORDER BY trace_id, start_micros, span_id
LIMIT 10001

-- run = 4bf92f3577b34da6a3ce929d0e0e4736
