-- What one trace contributes to its workflow run: absolute values as of the trace's revision. The view workflow_runs takes the
-- newest row per (run_id, trace_id).
CREATE TABLE IF NOT EXISTS {{database}}.run_segments {{on_cluster}}
(
    run_id String CODEC(ZSTD(1)),
    trace_id String CODEC(ZSTD(1)),
    revision UInt32,
    posting_id String,
    posted_at DateTime64(3, 'UTC') CODEC(Delta, LZ4),
    started_at DateTime64(6, 'UTC') CODEC(Delta, LZ4),
    ended_at DateTime64(6, 'UTC') CODEC(Delta, LZ4),
    workflow LowCardinality(String),
    agent LowCardinality(String),
    customer_id String,
    feature_id String,
    environment String,
    product String,
    team String,
    plan String,
    status Enum8('open' = 0, 'completed' = 1, 'failed' = 2, 'incomplete' = 3),
    mixed_customers Bool,
    steps UInt32,
    attempts UInt32,
    retries UInt32,
    calls UInt32,
    failed_calls UInt32,
    input_tokens Int64,
    cache_read_tokens Int64,
    cache_write_tokens Int64,
    cache_write_1h_tokens Int64,
    output_tokens Int64,
    reasoning_tokens Int64,
    cost Decimal(38, 12),
    list_cost Decimal(38, 12),
    retry_cost Decimal(38, 12),
    unpriced_calls UInt32,
    usage_missing_calls UInt32,
    INDEX by_customer customer_id TYPE bloom_filter(0.01) GRANULARITY 4,
    INDEX by_start started_at TYPE minmax GRANULARITY 1,
    INDEX by_posting posting_id TYPE bloom_filter(0.01) GRANULARITY 16
)
ENGINE = {{merge_tree}}
PARTITION BY toYYYYMM(posted_at)
ORDER BY (run_id, trace_id, revision)
SETTINGS {{deduplication_window}} = 10000, index_granularity = 1024
