-- What containers reported beyond their elected descendants, per unit: not in cost, kept for the eye.
CREATE VIEW IF NOT EXISTS {{database}}.usage_excess {{on_cluster}} AS
SELECT
    trace_id,
    span_id,
    name,
    service,
    scope,
    customer_id,
    feature_id,
    start_time,
    surplus.1 AS unit,
    surplus.2 AS quantity
FROM {{database}}.spans
ARRAY JOIN CAST(excess, 'Array(Tuple(String, Int64))') AS surplus
