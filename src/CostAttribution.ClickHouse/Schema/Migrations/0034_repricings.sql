-- What each re-pricing, dry run and what-if was asked and has done so far: a row whenever it gets on, the newest version of an id
-- counts. Written by RepricingLog; cursor and sums are in report, so that one that was cut off goes on where it was.
CREATE TABLE IF NOT EXISTS {{database}}.repricings {{on_cluster}}
(
    repricing_id String,
    version UInt64,
    node String,
    kind LowCardinality(String),
    state LowCardinality(String),
    started_at DateTime64(3, 'UTC'),
    updated_at DateTime64(3, 'UTC'),
    report String CODEC(ZSTD(3))
)
ENGINE = {{merge_tree}}
ORDER BY (started_at, repricing_id, version)
