-- As 0016, for service_state.
ALTER TABLE {{database}}.service_state {{on_cluster}}
    MODIFY SETTING {{deduplication_window}} = 1000
