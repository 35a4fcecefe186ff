-- As 0016, for cost_hourly.
ALTER TABLE {{database}}.cost_hourly {{on_cluster}}
    MODIFY SETTING {{deduplication_window}} = 10000
