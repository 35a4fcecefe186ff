SELECT run_id, toUnixTimestamp64Micro(toDateTime64(started_at, 6)) AS started_micros,
    toUnixTimestamp64Micro(toDateTime64(ended_at, 6)) AS ended_micros, toInt64(duration_ms) AS duration,
    workflow, agent, customer_id, feature_id, environment, product, team, plan, toString(status) AS run_status,
    traces, steps, attempts, retries, calls, failed_calls,
    input_tokens, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens,
    cost, list_cost, retry_cost, unpriced_calls, usage_missing_calls, flags,
    toUnixTimestamp64Milli(toDateTime64(updated_at, 3)) AS updated_millis
FROM workflow_runs
WHERE run_id IN (SELECT run_id FROM run_segments WHERE started_at >= {from:DateTime64(6, 'UTC')} AND started_at < {to:DateTime64(6, 'UTC')})
    AND started_at >= {from:DateTime64(6, 'UTC')}
    AND started_at < {to:DateTime64(6, 'UTC')}
    AND workflow = {workflow_0:String}
    AND customer_id IN ({customer_0:String}, {customer_1:String})
    AND feature_id = {feature_0:String}
    AND toString(status) IN ({status_0:String}, {status_1:String})
    AND cost >= {min_cost:Decimal(38, 12)}
ORDER BY cost, run_id
LIMIT 3

-- customer_0 = a
-- customer_1 = 
-- feature_0 = f
-- from = 2026-01-01 00:00:00.000000
-- min_cost = 0.25
-- status_0 = failed
-- status_1 = open
-- to = 2026-02-01 00:00:00.000000
-- workflow_0 = triage
