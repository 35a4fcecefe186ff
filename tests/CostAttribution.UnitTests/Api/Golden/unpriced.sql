SELECT sum(row_calls) AS calls_sum FROM (SELECT provider, seller, model, request_model, service_tier, region, rate_id, status, unpriced_unit, overflowed, trace_id, span_id, cost_item, toUnixTimestamp64Micro(event_time) AS seen,
    toString(price_status) AS status, has(flags, 'cost_overflow') AS overflowed, sum(toInt64(calls)) AS row_calls,
    sum(input_tokens) AS input, sum(cache_read_tokens) AS cache_read, sum(cache_write_tokens) AS cache_write,
    sum(cache_write_1h_tokens) AS cache_write_1h, sum(output_tokens) AS output,
    sum(reasoning_tokens) AS reasoning, sumMap(other_units) AS other
FROM (SELECT * REPLACE (if(speed = 'fast' AND service_tier IN ('', 'default', 'standard', 'auto', 'on_demand', 'standard_only'), 'fast', service_tier)
    AS service_tier) FROM cost_ledger)
WHERE price_status IN ('unpriced_model', 'unpriced_unit') AND event_time >= {from:DateTime64(6, 'UTC')} AND event_time < {to:DateTime64(6, 'UTC')} AND provider = {provider_0:String} AND customer_id IN ({customer_0:String}, {customer_1:String})
GROUP BY provider, seller, model, request_model, service_tier, region, rate_id, status, unpriced_unit, overflowed, trace_id, span_id, cost_item, seen
HAVING sum(sign) != 0)

-- customer_0 = acme
-- customer_1 = 
-- from = 2026-03-01 00:00:00.000000
-- provider_0 = openai
-- to = 2026-04-01 00:00:00.000000

SELECT provider, seller, model, request_model, service_tier, region, rate_id, status, unpriced_unit, overflowed, used.1 AS unit, sum(used.2) AS quantity, sum(row_calls) AS row_calls_sum,
    min(seen) AS first_micros, max(seen) AS last_micros
FROM (SELECT provider, seller, model, request_model, service_tier, region, rate_id, status, unpriced_unit, overflowed, trace_id, span_id, cost_item, toUnixTimestamp64Micro(event_time) AS seen,
    toString(price_status) AS status, has(flags, 'cost_overflow') AS overflowed, sum(toInt64(calls)) AS row_calls,
    sum(input_tokens) AS input, sum(cache_read_tokens) AS cache_read, sum(cache_write_tokens) AS cache_write,
    sum(cache_write_1h_tokens) AS cache_write_1h, sum(output_tokens) AS output,
    sum(reasoning_tokens) AS reasoning, sumMap(other_units) AS other
FROM (SELECT * REPLACE (if(speed = 'fast' AND service_tier IN ('', 'default', 'standard', 'auto', 'on_demand', 'standard_only'), 'fast', service_tier)
    AS service_tier) FROM cost_ledger)
WHERE price_status IN ('unpriced_model', 'unpriced_unit') AND event_time >= {from:DateTime64(6, 'UTC')} AND event_time < {to:DateTime64(6, 'UTC')} AND provider = {provider_0:String} AND customer_id IN ({customer_0:String}, {customer_1:String})
GROUP BY provider, seller, model, request_model, service_tier, region, rate_id, status, unpriced_unit, overflowed, trace_id, span_id, cost_item, seen
HAVING sum(sign) != 0)
ARRAY JOIN arrayFilter(u -> u.2 != 0, arrayConcat(
    [('input_tokens', input), ('cache_read_tokens', cache_read), ('cache_write_tokens', cache_write),
     ('cache_write_1h_tokens', cache_write_1h), ('output_tokens', output), ('reasoning_tokens', reasoning)],
    CAST(other, 'Array(Tuple(String, Int64))'))) AS used
GROUP BY provider, seller, model, request_model, service_tier, region, rate_id, status, unpriced_unit, overflowed, unit, intDiv(seen, 86400000000)
ORDER BY quantity DESC, provider, seller, model, request_model, service_tier, region, rate_id, status, unpriced_unit, overflowed, unit, first_micros
LIMIT 50001

-- customer_0 = acme
-- customer_1 = 
-- from = 2026-03-01 00:00:00.000000
-- provider_0 = openai
-- to = 2026-04-01 00:00:00.000000
