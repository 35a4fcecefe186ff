-- Where the customer or the feature is missing, by the span that lacks it. Both sides are restricted to the unattributed rows:
-- the ledger by its key and index, the facts by the traces of those rows.
CREATE VIEW IF NOT EXISTS {{database}}.unattributed_cost {{on_cluster}} AS
SELECT
    missing.dimension AS dimension,
    facts.service AS service,
    facts.span_name AS span_name,
    facts.scope AS scope,
    sum(missing.cost) AS cost,
    sum(missing.calls) AS calls,
    min(missing.first_seen) AS first_seen,
    max(missing.last_seen) AS last_seen
FROM
(
    SELECT
        trace_id,
        span_id,
        dimension,
        sum(cost) AS cost,
        sum(toInt64(calls)) AS calls,
        min(event_time) AS first_seen,
        max(event_time) AS last_seen
    FROM {{database}}.cost_ledger
    ARRAY JOIN arrayFilter(d -> d != '', [if(customer_id = '', 'customer', ''), if(feature_id = '', 'feature', '')]) AS dimension
    WHERE customer_id = '' OR feature_id = ''
    GROUP BY trace_id, span_id, dimension
    HAVING sum(sign) != 0
) AS missing
LEFT ANY JOIN
(
    SELECT
        trace_id,
        span AS span_id,
        argMax(service, revision) AS service,
        argMax(name, revision) AS span_name,
        argMax(scope, revision) AS scope
    FROM {{database}}.trace_facts
    ARRAY JOIN span_ids AS span, names AS name, services AS service, scopes AS scope
    WHERE trace_id IN (SELECT trace_id FROM {{database}}.cost_ledger WHERE customer_id = '' OR feature_id = '')
    GROUP BY trace_id, span
) AS facts ON missing.trace_id = facts.trace_id AND missing.span_id = facts.span_id
GROUP BY dimension, service, span_name, scope
