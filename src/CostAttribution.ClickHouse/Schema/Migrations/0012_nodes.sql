-- Which process posts under which node id: a row per start, the newest version of it holds; old starts leave by themselves.
CREATE TABLE IF NOT EXISTS {{database}}.nodes {{on_cluster}}
(
    node_id String,
    start_id String COMMENT 'random, of one life of a process; part of its posting ids',
    instance_id String COMMENT 'random, of one data directory and its copies',
    host String,
    generation UInt64 COMMENT 'of several starts that run at once the highest holds',
    started_at DateTime64(3, 'UTC') COMMENT 'by the clock of the store',
    seen_at DateTime64(3, 'UTC') COMMENT 'by the clock of the store',
    state Enum8('running' = 1, 'stopped' = 2),
    version UInt64
)
ENGINE = {{replacing_merge_tree:version}}
ORDER BY (node_id, start_id)
TTL toDateTime(seen_at, 'UTC') + INTERVAL 30 DAY
