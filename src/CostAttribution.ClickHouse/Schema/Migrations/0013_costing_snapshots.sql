-- Every rate book and attribution table that was ever used to post, by version: standing rows are costed again with the ones
-- they were posted with. Written before the first posting that uses it; never changed. Two nodes may write the same one.
CREATE TABLE IF NOT EXISTS {{database}}.costing_snapshots {{on_cluster}}
(
    kind Enum8('rate_book' = 1, 'attribution' = 2),
    version Int64,
    content String CODEC(ZSTD(6)),
    kept_at DateTime64(3, 'UTC')
)
ENGINE = {{merge_tree}}
ORDER BY (kind, version)
SETTINGS {{deduplication_window}} = 1000, index_granularity = 1
