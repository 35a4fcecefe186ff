-- What traces ask about each other and tell each other, so that an answer reaches its askers after a restart too: per trace and
-- topic its newest revision counts. A topic is a session, an explicit run or a linked span (topic = its trace, item = the
-- span). Words are what the trace's own spans say; an empty word says that they contradict each other.
CREATE TABLE IF NOT EXISTS {{database}}.trace_topics {{on_cluster}}
(
    kind Enum8('session' = 1, 'run' = 2, 'link' = 3),
    topic String CODEC(ZSTD(1)),
    item String CODEC(ZSTD(1)),
    trace_id String CODEC(ZSTD(1)),
    revision UInt32,
    posting_id String,
    posted_at DateTime64(3, 'UTC') CODEC(Delta, LZ4),
    asks Bool,
    words Map(LowCardinality(String), String),
    INDEX by_posting posting_id TYPE bloom_filter(0.01) GRANULARITY 16
)
ENGINE = {{merge_tree}}
PARTITION BY toYYYYMM(posted_at)
ORDER BY (kind, topic, item, trace_id, revision)
SETTINGS {{deduplication_window}} = 10000, index_granularity = 512
