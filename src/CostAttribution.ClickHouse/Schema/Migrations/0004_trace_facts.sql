-- The facts of a trace: one row per posting with the spans that are new or changed in it, as sorted columns for the view spans
-- and as one compressed blob for costing. Read by trace_id; small granules, since a look-up wants one trace.
CREATE TABLE IF NOT EXISTS {{database}}.trace_facts {{on_cluster}}
(
    trace_id String CODEC(ZSTD(1)),
    revision UInt32,
    posting_id String,
    posted_at DateTime64(3, 'UTC') CODEC(Delta, LZ4),
    settled Bool,
    started_at DateTime64(6, 'UTC') CODEC(Delta, LZ4),
    ended_at DateTime64(6, 'UTC') CODEC(Delta, LZ4),
    run_id String CODEC(ZSTD(1)),
    span_ids Array(String) CODEC(ZSTD(1)),
    parent_span_ids Array(String) CODEC(ZSTD(1)),
    names Array(LowCardinality(String)),
    services Array(LowCardinality(String)),
    scopes Array(LowCardinality(String)),
    start_times Array(DateTime64(6, 'UTC')) CODEC(Delta, ZSTD(1)),
    end_times Array(DateTime64(6, 'UTC')) CODEC(Delta, ZSTD(1)),
    roles Array(LowCardinality(String)),
    ownerships Array(Enum8('none' = 0, 'owner' = 1, 'duplicate' = 2, 'aggregate' = 3, 'aggregate_fallback' = 4)),
    superseded_bys Array(String),
    dialects Array(LowCardinality(String)),
    flags Array(Array(LowCardinality(String))),
    customers Array(String),
    features Array(String),
    excess Array(Map(String, Int64)),
    reported Array(Map(String, Int64)),
    blob String CODEC(ZSTD(3)),
    context String CODEC(ZSTD(3)),
    INDEX by_run run_id TYPE bloom_filter(0.005) GRANULARITY 4,
    INDEX by_posting posting_id TYPE bloom_filter(0.01) GRANULARITY 16
)
ENGINE = {{merge_tree}}
PARTITION BY toYYYYMM(posted_at)
ORDER BY (trace_id, revision)
SETTINGS {{deduplication_window}} = 10000, index_granularity = 256
