-- Rate card files as they were published, append-only: with the shipped ones and those of the directory they make the rate book
-- in force, and the one that was known at any instant. Written by RateDocuments before a book is used.
CREATE TABLE IF NOT EXISTS {{database}}.rate_documents {{on_cluster}}
(
    recorded_at DateTime64(3, 'UTC'),
    document_id String,
    publication_id String,
    node String,
    name String,
    content String CODEC(ZSTD(6)),
    withdrawn Bool
)
ENGINE = {{merge_tree}}
ORDER BY (recorded_at, document_id)
SETTINGS index_granularity = 1
