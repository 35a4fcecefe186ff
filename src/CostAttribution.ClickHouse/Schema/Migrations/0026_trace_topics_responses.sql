-- What traces say of calls by the key of their response id: an application, a gateway and a provider may report one call in a
-- trace each. Few of them ask; a process that starts reads who did.
ALTER TABLE {{database}}.trace_topics {{on_cluster}}
    MODIFY COLUMN kind Enum8('session' = 1, 'run' = 2, 'link' = 3, 'response' = 4),
    ADD INDEX IF NOT EXISTS by_asks asks TYPE minmax GRANULARITY 1
