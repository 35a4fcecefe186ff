-- As 0016, for costing_snapshots.
ALTER TABLE {{database}}.costing_snapshots {{on_cluster}}
    MODIFY SETTING {{deduplication_window}} = 1000
