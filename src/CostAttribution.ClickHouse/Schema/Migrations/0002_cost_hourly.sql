-- The rollup of the ledger by hour. Fed by cost_hourly_feed; readers always sum() with GROUP BY. Same deduplication window as
-- the ledger, so that a repeated posting counts once here too.
CREATE TABLE IF NOT EXISTS {{database}}.cost_hourly {{on_cluster}}
(
    hour DateTime('UTC'),
    cost_kind Enum8('usage' = 1, 'allocation' = 2, 'adjustment' = 3),
    customer_id String,
    feature_id String,
    product String,
    team String,
    environment String,
    plan String,
    audience String,
    workflow LowCardinality(String),
    agent LowCardinality(String),
    provider LowCardinality(String),
    model LowCardinality(String),
    service_tier LowCardinality(String),
    region LowCardinality(String),
    customer_evidence Enum8('none' = 0, 'own' = 1, 'ancestor' = 2, 'link' = 3, 'run' = 4, 'resource' = 5,
        'session' = 6, 'rule' = 7),
    feature_evidence Enum8('none' = 0, 'own' = 1, 'ancestor' = 2, 'link' = 3, 'run' = 4, 'resource' = 5,
        'session' = 6, 'rule' = 7),
    price_status Enum8('priced' = 0, 'free' = 1, 'unpriced_model' = 2, 'unpriced_unit' = 3, 'no_usage' = 4,
        'provider_reported' = 5),
    ownership Enum8('none' = 0, 'owner' = 1, 'duplicate' = 2, 'aggregate' = 3, 'aggregate_fallback' = 4),
    entries SimpleAggregateFunction(sum, Int64),
    input_tokens SimpleAggregateFunction(sum, Int64),
    cache_read_tokens SimpleAggregateFunction(sum, Int64),
    cache_write_tokens SimpleAggregateFunction(sum, Int64),
    cache_write_1h_tokens SimpleAggregateFunction(sum, Int64),
    output_tokens SimpleAggregateFunction(sum, Int64),
    reasoning_tokens SimpleAggregateFunction(sum, Int64),
    other_units SimpleAggregateFunction(sumMap, Map(String, Int64)),
    calls SimpleAggregateFunction(sum, Int64),
    failed_calls SimpleAggregateFunction(sum, Int64),
    input_cost SimpleAggregateFunction(sum, Decimal(38, 12)),
    cache_read_cost SimpleAggregateFunction(sum, Decimal(38, 12)),
    cache_write_cost SimpleAggregateFunction(sum, Decimal(38, 12)),
    output_cost SimpleAggregateFunction(sum, Decimal(38, 12)),
    reasoning_cost SimpleAggregateFunction(sum, Decimal(38, 12)),
    other_cost SimpleAggregateFunction(sum, Decimal(38, 12)),
    cost SimpleAggregateFunction(sum, Decimal(38, 12)),
    list_cost SimpleAggregateFunction(sum, Decimal(38, 12)),
    retry_cost SimpleAggregateFunction(sum, Decimal(38, 12)),
    provider_reported_cost SimpleAggregateFunction(sum, Decimal(38, 12))
)
ENGINE = {{aggregating_merge_tree}}
PARTITION BY toYYYYMM(hour)
ORDER BY (customer_id, hour, feature_id, cost_kind, product, team, environment, plan, audience, workflow, agent, provider,
    model, service_tier, region, customer_evidence, feature_evidence, price_status, ownership)
PRIMARY KEY (customer_id, hour, feature_id)
SETTINGS {{deduplication_window}} = 10000
