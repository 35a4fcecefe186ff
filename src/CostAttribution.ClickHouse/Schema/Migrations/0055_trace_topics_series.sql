-- What traces say of agents that report totals over their lifetime: each trace is billed what it adds to the one before.
ALTER TABLE {{database}}.trace_topics {{on_cluster}}
    MODIFY COLUMN kind Enum8('session' = 1, 'run' = 2, 'link' = 3, 'response' = 4, 'series' = 5)
