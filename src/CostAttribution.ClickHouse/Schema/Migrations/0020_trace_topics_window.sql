-- As 0016, for trace_topics.
ALTER TABLE {{database}}.trace_topics {{on_cluster}}
    MODIFY SETTING {{deduplication_window}} = 10000
