-- What each audit looked at, found and repaired: one row per finished audit, written by AuditLog. report holds all of it as
-- JSON; the columns are for dashboards and alarms.
CREATE TABLE IF NOT EXISTS {{database}}.audits {{on_cluster}}
(
    audit_id String,
    node String,
    trigger LowCardinality(String),
    state LowCardinality(String),
    started_at DateTime64(3, 'UTC'),
    ended_at DateTime64(3, 'UTC'),
    dry_run Bool,
    found UInt64,
    repaired UInt64,
    left UInt64,
    report String CODEC(ZSTD(3))
)
ENGINE = {{merge_tree}}
ORDER BY (started_at, audit_id)
SETTINGS {{deduplication_window}} = 1000
