-- As 0016, for audits.
ALTER TABLE {{database}}.audits {{on_cluster}}
    MODIFY SETTING {{deduplication_window}} = 1000
