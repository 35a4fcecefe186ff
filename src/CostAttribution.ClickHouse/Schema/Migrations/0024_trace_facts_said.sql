-- What each span's own trace says of it, which is what traces hear that link to it; customers and features also hold what was
-- inferred. Empty where they are the same for all spans of the row.
ALTER TABLE {{database}}.trace_facts {{on_cluster}}
    ADD COLUMN IF NOT EXISTS said_customers Array(String) CODEC(ZSTD(1)) AFTER features,
    ADD COLUMN IF NOT EXISTS said_features Array(String) CODEC(ZSTD(1)) AFTER said_customers
