-- Small facts the service keeps about itself, newest version first: positions, versions of published snapshots.
CREATE TABLE IF NOT EXISTS {{database}}.service_state {{on_cluster}}
(
    key String,
    value String,
    version UInt64
)
ENGINE = {{replacing_merge_tree:version}}
ORDER BY key
SETTINGS {{deduplication_window}} = 1000
