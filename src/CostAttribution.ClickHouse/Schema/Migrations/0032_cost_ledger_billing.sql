-- What else a price may hang on: account, project and key that a call was made with (contracts may be for them), where it was
-- computed, kind of endpoint, speed; so that a row is priced again by another rate book from the row alone. Empty before.
ALTER TABLE {{database}}.cost_ledger {{on_cluster}}
    ADD COLUMN IF NOT EXISTS provider_account LowCardinality(String) AFTER region,
    ADD COLUMN IF NOT EXISTS provider_project LowCardinality(String) AFTER provider_account,
    ADD COLUMN IF NOT EXISTS provider_key LowCardinality(String) AFTER provider_project,
    ADD COLUMN IF NOT EXISTS geography LowCardinality(String) AFTER provider_key,
    ADD COLUMN IF NOT EXISTS endpoint LowCardinality(String) AFTER geography,
    ADD COLUMN IF NOT EXISTS speed LowCardinality(String) AFTER endpoint
