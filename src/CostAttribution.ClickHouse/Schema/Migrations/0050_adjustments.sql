-- What each period of a term was last settled at, with the arithmetic: a row whenever that changes, the newest version of a term and
-- period counts. The money is in cost_ledger (cost_kind adjustment); report holds the rest as JSON. Written by SettlementLog.
CREATE TABLE IF NOT EXISTS {{database}}.adjustments {{on_cluster}}
(
    term_id String,
    period String,
    version UInt64,
    kind LowCardinality(String),
    state LowCardinality(String),
    period_from DateTime64(6, 'UTC'),
    period_to DateTime64(6, 'UTC'),
    settled_at DateTime64(3, 'UTC'),
    node String,
    adjustment Decimal(38, 12),
    lines UInt64,
    report String CODEC(ZSTD(3))
)
ENGINE = {{merge_tree}}
ORDER BY (term_id, period_from, period, version)
