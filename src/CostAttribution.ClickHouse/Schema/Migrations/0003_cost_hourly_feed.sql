-- Feeds cost_hourly from every insert into the ledger; reversals carry negated measures, so sums stay right.
CREATE MATERIALIZED VIEW IF NOT EXISTS {{database}}.cost_hourly_feed {{on_cluster}} TO {{database}}.cost_hourly AS
SELECT
    toStartOfHour(event_time) AS hour,
    cost_kind, customer_id, feature_id, product, team, environment, plan, audience, workflow, agent,
    provider, model, service_tier, region, customer_evidence, feature_evidence, price_status, ownership,
    sum(toInt64(sign)) AS entries,
    sum(input_tokens) AS input_tokens,
    sum(cache_read_tokens) AS cache_read_tokens,
    sum(cache_write_tokens) AS cache_write_tokens,
    sum(cache_write_1h_tokens) AS cache_write_1h_tokens,
    sum(output_tokens) AS output_tokens,
    sum(reasoning_tokens) AS reasoning_tokens,
    sumMap(other_units) AS other_units,
    sum(toInt64(calls)) AS calls,
    sum(toInt64(failed_calls)) AS failed_calls,
    sum(input_cost) AS input_cost,
    sum(cache_read_cost) AS cache_read_cost,
    sum(cache_write_cost) AS cache_write_cost,
    sum(output_cost) AS output_cost,
    sum(reasoning_cost) AS reasoning_cost,
    sum(other_cost) AS other_cost,
    sum(cost) AS cost,
    sum(list_cost) AS list_cost,
    sum(retry_cost) AS retry_cost,
    sum(ifNull(provider_reported_cost, toDecimal128(0, 12))) AS provider_reported_cost
FROM {{database}}.cost_ledger
GROUP BY
    hour, cost_kind, customer_id, feature_id, product, team, environment, plan, audience, workflow, agent,
    provider, model, service_tier, region, customer_evidence, feature_evidence, price_status, ownership
