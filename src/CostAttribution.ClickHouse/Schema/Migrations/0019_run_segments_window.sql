-- As 0016, for run_segments.
ALTER TABLE {{database}}.run_segments {{on_cluster}}
    MODIFY SETTING {{deduplication_window}} = 10000
