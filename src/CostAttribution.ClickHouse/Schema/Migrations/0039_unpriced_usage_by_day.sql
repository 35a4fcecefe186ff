-- Usage whose cost is unknown or only a lower bound, by day, with the quantity at risk. Under unpriced_model, and where a cost
-- was too large to be true, every unit of the row counts; under unpriced_unit the one the rate card lacks. What was corrected
-- since is in neither the sums nor the times.
CREATE OR REPLACE VIEW {{database}}.unpriced_usage {{on_cluster}} AS
SELECT
    provider,
    model,
    used.1 AS unit,
    sum(used.2) AS quantity,
    sum(row_calls) AS calls,
    min(seen) AS first_seen,
    max(seen) AS last_seen,
    reason,
    seller,
    service_tier,
    toDate(seen, 'UTC') AS day
FROM
(
    SELECT
        provider, model, seller, service_tier, unpriced_unit, trace_id, span_id, cost_item,
        event_time AS seen,
        CAST(price_status, 'String') AS reason,
        sum(toInt64(calls)) AS row_calls,
        sum(input_tokens) AS input, sum(cache_read_tokens) AS cache_read, sum(cache_write_tokens) AS cache_write,
        sum(cache_write_1h_tokens) AS cache_write_1h, sum(output_tokens) AS output, sum(reasoning_tokens) AS reasoning,
        sumMap(other_units) AS other
    FROM {{database}}.cost_ledger
    WHERE price_status IN ('unpriced_model', 'unpriced_unit')
    GROUP BY provider, model, seller, service_tier, unpriced_unit, trace_id, span_id, cost_item, seen, reason
    HAVING sum(sign) != 0
)
ARRAY JOIN arrayFilter(u -> u.2 != 0 AND (reason = 'unpriced_model' OR unpriced_unit = '' OR u.1 = unpriced_unit), arrayConcat(
    [('input_tokens', input), ('cache_read_tokens', cache_read), ('cache_write_tokens', cache_write),
     ('cache_write_1h_tokens', cache_write_1h), ('output_tokens', output), ('reasoning_tokens', reasoning)],
    CAST(other, 'Array(Tuple(String, Int64))'))) AS used
GROUP BY provider, model, unit, reason, seller, service_tier, day
HAVING quantity != 0
