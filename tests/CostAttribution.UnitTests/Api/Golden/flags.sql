SELECT flag, g0, g1, sum(row_count) AS row_count_sum, sum(row_calls) AS calls_sum, sum(row_cost) AS cost_sum,
    min(seen) AS first_micros, max(seen) AS last_micros
FROM
(
    SELECT arrayJoin(rows.flags) AS flag, g0, g1, row_count, row_calls,
        row_cost, seen
    FROM (SELECT trace_id, span_id, cost_item, flags, toUnixTimestamp64Micro(event_time) AS seen,
    
    sum(toInt64(sign)) AS row_count, sum(toInt64(calls)) AS row_calls, sum(cost) AS row_cost
FROM cost_ledger
WHERE notEmpty(flags) AND event_time >= {from:DateTime64(6, 'UTC')} AND event_time < {to:DateTime64(6, 'UTC')} AND customer_id = {customer_0:String}
GROUP BY trace_id, span_id, cost_item, flags, seen
HAVING row_count != 0) AS rows
LEFT ANY JOIN
(
    SELECT trace_id, span AS span_id,
        toString(argMax(dialect, revision)) AS g0, toString(argMax(service, revision)) AS g1
    FROM trace_facts
    ARRAY JOIN span_ids AS span, services AS service, dialects AS dialect
    WHERE trace_id IN (SELECT trace_id FROM cost_ledger WHERE notEmpty(flags) AND event_time >= {from:DateTime64(6, 'UTC')} AND event_time < {to:DateTime64(6, 'UTC')} AND customer_id = {customer_0:String})
    GROUP BY trace_id, span
) AS facts ON rows.trace_id = facts.trace_id AND rows.span_id = facts.span_id
)
WHERE flag = {flag_0:String}
GROUP BY flag, g0, g1
ORDER BY cost_sum DESC, row_count_sum DESC, flag, g0, g1
LIMIT 1001

-- customer_0 = acme
-- flag_0 = cache_inclusion_guessed
-- from = 2026-03-01 00:00:00.000000
-- to = 2026-04-01 00:00:00.000000
