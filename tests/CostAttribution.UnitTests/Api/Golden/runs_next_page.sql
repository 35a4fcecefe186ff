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
    AND (cost < {key:Decimal(38, 12)} OR (cost = {key:Decimal(38, 12)} AND run_id > {after:String}))
ORDER BY cost DESC, run_id
LIMIT 6

-- after = r-1
-- from = 2026-02-13 11:00:00.000000
-- key = 2.500000000000
-- to = 2026-03-15 11:00:00.000000
