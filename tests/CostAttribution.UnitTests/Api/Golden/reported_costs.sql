SELECT grouping(g0) AS is_total, g0, g1, g2, g3,
    sum(row_calls) AS all_calls, sumIf(row_calls, compared) AS compared_calls,
    sumIf(row_ours, compared) AS ours, sumIf(row_theirs, compared) AS theirs,
    sumIf(row_calls, deviates) AS deviating_calls, sumIf(row_calls, taken_over) AS taken_calls,
    sumIf(row_theirs, taken_over) AS taken, sumIf(row_theirs, NOT compared) AS uncompared
FROM
(
    SELECT provider AS g0, seller AS g1, model AS g2, toString(toDate(event_time, 'UTC')) AS g3, toInt64(calls) AS row_calls, sign AS row_sign,
        if(price_status = 'provider_reported', list_cost, cost) AS row_ours,
        assumeNotNull(provider_reported_cost) AS row_theirs, rate_id != '' AND unpriced_unit = '' AND price_status IN ('priced', 'free', 'provider_reported') AS compared,
        has(flags, 'reported_cost_deviates') AS deviates, price_status = 'provider_reported' AS taken_over
    FROM cost_ledger
    WHERE isNotNull(provider_reported_cost)
        AND event_time >= {from:DateTime64(6, 'UTC')}
        AND event_time < {to:DateTime64(6, 'UTC')}
        AND provider = {provider_0:String}
        AND model IN ({model_0:String}, {model_1:String})
)
GROUP BY GROUPING SETS ((g0, g1, g2, g3), ())
HAVING is_total = 1 OR sum(row_sign) != 0
ORDER BY is_total DESC, abs(theirs - ours) DESC, g0, g1, g2, g3
LIMIT 1002

-- from = 2026-03-01 00:00:00.000000
-- model_0 = a
-- model_1 = b
-- provider_0 = openai
-- to = 2026-04-01 00:00:00.000000
