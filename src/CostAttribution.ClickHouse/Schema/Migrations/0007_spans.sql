-- One row per span: its newest facts. A filter on trace_id reaches the primary key of trace_facts. settled is the trace's, as
-- of its newest posting, also when that posting changed no span (hence LEFT ARRAY JOIN and the window).
CREATE VIEW IF NOT EXISTS {{database}}.spans {{on_cluster}} AS
SELECT
    trace_id,
    span_id,
    facts.1 AS parent_span_id,
    facts.2 AS name,
    facts.3 AS service,
    facts.4 AS scope,
    facts.5 AS start_time,
    facts.6 AS end_time,
    facts.7 AS role,
    facts.8 AS ownership,
    facts.9 AS superseded_by,
    facts.10 AS dialect,
    facts.11 AS flags,
    trace_settled AS settled,
    facts.12 AS customer_id,
    facts.13 AS feature_id,
    facts.14 AS excess,
    facts.15 AS reported,
    run_id,
    newest_revision AS revision
FROM
(
    SELECT *, argMax(newest_settled, newest_revision) OVER (PARTITION BY trace_id) AS trace_settled
    FROM
    (
        SELECT
            trace_id,
            span AS span_id,
            argMax((parent, name, service, scope, start_time, end_time, role, ownership, superseded_by, dialect, span_flags,
                customer, feature, span_excess, span_reported), revision) AS facts,
            argMax(run_id, revision) AS run_id,
            max(revision) AS newest_revision,
            argMax(settled, revision) AS newest_settled
        FROM {{database}}.trace_facts
        LEFT ARRAY JOIN
            span_ids AS span,
            parent_span_ids AS parent,
            names AS name,
            services AS service,
            scopes AS scope,
            start_times AS start_time,
            end_times AS end_time,
            roles AS role,
            ownerships AS ownership,
            superseded_bys AS superseded_by,
            dialects AS dialect,
            flags AS span_flags,
            customers AS customer,
            features AS feature,
            excess AS span_excess,
            reported AS span_reported
        GROUP BY trace_id, span
    )
)
WHERE span_id != ''
