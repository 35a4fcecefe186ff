SELECT
    grouping(d0) AS is_total,
    d0,
    sum(cost) AS cost_sum,
    sum(list_cost) AS list_cost_sum,
    sum(retry_cost) AS retry_cost_sum,
    sum(calls) AS calls_sum,
    sum(failed_calls) AS failed_calls_sum,
    sum(input_tokens) AS input_tokens_sum,
    sum(cache_read_tokens) AS cache_read_tokens_sum,
    sum(cache_write_tokens) AS cache_write_tokens_sum,
    sum(cache_write_1h_tokens) AS cache_write_1h_tokens_sum,
    sum(output_tokens) AS output_tokens_sum,
    sum(reasoning_tokens) AS reasoning_tokens_sum,
    sum(unpriced_calls) AS unpriced_calls_sum,
    sum(usage_missing_calls) AS usage_missing_calls_sum,
    sum(unattributed_cost) AS unattributed_cost_sum,
    sumMap(other_units) AS other_units_sum
FROM
(
    SELECT
        model AS d0,
        cost,
        list_cost,
        retry_cost,
        calls,
        failed_calls,
        input_tokens,
        cache_read_tokens,
        cache_write_tokens,
        cache_write_1h_tokens,
        output_tokens,
        reasoning_tokens,
        sign AS entries,
        if(toString(price_status) IN ('unpriced_model', 'unpriced_unit'), calls, 0) AS unpriced_calls,
        if(toString(price_status) = 'no_usage', calls, 0) AS usage_missing_calls,
        if(customer_id = '', cost, toDecimal128(0, 12)) AS unattributed_cost,
        other_units
    FROM cost_ledger
    WHERE event_time >= {from:DateTime64(6, 'UTC')}
        AND event_time < {to:DateTime64(6, 'UTC')}
)
GROUP BY GROUPING SETS ((d0), ())
HAVING is_total = 1 OR cost_sum != 0 OR list_cost_sum != 0 OR retry_cost_sum != 0 OR calls_sum != 0 OR failed_calls_sum != 0 OR input_tokens_sum != 0 OR cache_read_tokens_sum != 0 OR cache_write_tokens_sum != 0 OR cache_write_1h_tokens_sum != 0 OR output_tokens_sum != 0 OR reasoning_tokens_sum != 0 OR arrayExists(x -> x != 0, mapValues(other_units_sum)) OR sum(entries) != 0
ORDER BY is_total DESC, cost_sum DESC, d0
LIMIT 1002

-- from = 2026-01-01 10:15:00.000000
-- to = 2026-01-01 10:45:00.000000
