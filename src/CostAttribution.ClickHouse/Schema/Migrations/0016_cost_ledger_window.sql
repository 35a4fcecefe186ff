-- Tables of clusters were once created without the window in seconds, whose default ends it after an hour. Elsewhere this
-- changes nothing, and what the window remembers is kept.
ALTER TABLE {{database}}.cost_ledger {{on_cluster}}
    MODIFY SETTING {{deduplication_window}} = 10000
