-- As 0016, for trace_facts.
ALTER TABLE {{database}}.trace_facts {{on_cluster}}
    MODIFY SETTING {{deduplication_window}} = 10000
