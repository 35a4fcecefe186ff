-- A trace that is loaded again is told all topics it ever had.
ALTER TABLE {{database}}.trace_topics {{on_cluster}}
    ADD INDEX IF NOT EXISTS by_trace trace_id TYPE bloom_filter(0.01) GRANULARITY 4
