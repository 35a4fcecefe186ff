-- Usage whose cost is unknown or only a lower bound, with the quantity at risk. Under unpriced_model every unit of the row
-- counts; under unpriced_unit the one the rate card lacks.
CREATE VIEW IF NOT EXISTS {{database}}.unpriced_usage {{on_cluster}} AS
SELECT
    provider,
    model,
    used.1 AS unit,
    sum(used.2) AS quantity,
    sum(toInt64(calls)) AS calls,
    min(event_time) AS first_seen,
    max(event_time) AS last_seen,
    CAST(price_status, 'String') AS reason
FROM {{database}}.cost_ledger
ARRAY JOIN arrayFilter(u -> u.2 != 0 AND (price_status = 'unpriced_model' OR u.1 = unpriced_unit), arrayConcat(
    [('input_tokens', input_tokens), ('cache_read_tokens', cache_read_tokens), ('cache_write_tokens', cache_write_tokens),
     ('cache_write_1h_tokens', cache_write_1h_tokens), ('output_tokens', output_tokens), ('reasoning_tokens', reasoning_tokens)],
    CAST(other_units, 'Array(Tuple(String, Int64))'))) AS used
WHERE price_status IN ('unpriced_model', 'unpriced_unit')
GROUP BY provider, model, unit, reason
HAVING quantity != 0
