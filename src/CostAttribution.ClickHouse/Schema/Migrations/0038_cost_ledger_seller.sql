-- Who billed a call that another provider's model answered: a rate card for it has to name the seller. Rows posted before
-- have ''.
ALTER TABLE {{database}}.cost_ledger {{on_cluster}}
    ADD COLUMN IF NOT EXISTS seller LowCardinality(String) AFTER region
