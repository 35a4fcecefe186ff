-- One row per run_id, over the newest segment of each of its traces; a trace without step, call and cost, such as one that a late
-- span moved to another run, is no part of it. A filter on run_id reaches the primary key of run_segments.
CREATE VIEW IF NOT EXISTS {{database}}.workflow_runs {{on_cluster}} AS
SELECT
    run_id,
    min(segment_started_at) AS started_at,
    max(segment_ended_at) AS ended_at,
    dateDiff('millisecond', started_at, ended_at) AS duration_ms,
    argMin(segment_workflow, (segment_workflow = '', segment_started_at)) AS workflow,
    argMin(segment_agent, (segment_agent = '', segment_started_at)) AS agent,
    if(mixed, '', max(segment_customer_id)) AS customer_id,
    argMin(segment_feature_id, (segment_feature_id = '', segment_started_at)) AS feature_id,
    argMin(segment_environment, (segment_environment = '', segment_started_at)) AS environment,
    argMin(segment_product, (segment_product = '', segment_started_at)) AS product,
    argMin(segment_team, (segment_team = '', segment_started_at)) AS team,
    argMin(segment_plan, (segment_plan = '', segment_started_at)) AS plan,
    multiIf(
        countIf(segment_status = 'open') > 0, 'open',
        countIf(segment_status = 'failed') > 0, 'failed',
        countIf(segment_status = 'incomplete') > 0, 'incomplete',
        'completed') AS status,
    count() AS traces,
    sum(segment_steps) AS steps,
    sum(segment_attempts) AS attempts,
    sum(segment_retries) AS retries,
    sum(segment_calls) AS calls,
    sum(segment_failed_calls) AS failed_calls,
    sum(segment_input_tokens) AS input_tokens,
    sum(segment_cache_read_tokens) AS cache_read_tokens,
    sum(segment_cache_write_tokens) AS cache_write_tokens,
    sum(segment_cache_write_1h_tokens) AS cache_write_1h_tokens,
    sum(segment_output_tokens) AS output_tokens,
    sum(segment_reasoning_tokens) AS reasoning_tokens,
    sum(segment_cost) AS cost,
    sum(segment_list_cost) AS list_cost,
    sum(segment_retry_cost) AS retry_cost,
    sum(segment_unpriced_calls) AS unpriced_calls,
    sum(segment_usage_missing_calls) AS usage_missing_calls,
    max(segment_posted_at) AS updated_at,
    max(segment_mixed_customers) OR uniqExactIf(segment_customer_id, segment_customer_id != '') > 1 AS mixed,
    if(mixed, ['mixed_customers'], []) AS flags
FROM
(
    SELECT
        run_id,
        newest.1 AS segment_started_at, newest.2 AS segment_ended_at, newest.3 AS segment_workflow,
        newest.4 AS segment_agent, newest.5 AS segment_customer_id, newest.6 AS segment_feature_id,
        newest.7 AS segment_environment, newest.8 AS segment_product, newest.9 AS segment_team,
        newest.10 AS segment_plan, newest.11 AS segment_status, newest.12 AS segment_mixed_customers,
        newest.13 AS segment_steps, newest.14 AS segment_attempts, newest.15 AS segment_retries,
        newest.16 AS segment_calls, newest.17 AS segment_failed_calls, newest.18 AS segment_input_tokens,
        newest.19 AS segment_cache_read_tokens, newest.20 AS segment_cache_write_tokens,
        newest.21 AS segment_cache_write_1h_tokens, newest.22 AS segment_output_tokens,
        newest.23 AS segment_reasoning_tokens, newest.24 AS segment_cost, newest.25 AS segment_list_cost,
        newest.26 AS segment_retry_cost, newest.27 AS segment_unpriced_calls, newest.28 AS segment_usage_missing_calls,
        newest.29 AS segment_posted_at
    FROM
    (
        SELECT
            run_id,
            argMax((started_at, ended_at, workflow, agent, customer_id, feature_id, environment, product, team, plan,
                status, mixed_customers, steps, attempts, retries, calls, failed_calls, input_tokens, cache_read_tokens,
                cache_write_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens, cost, list_cost, retry_cost,
                unpriced_calls, usage_missing_calls, posted_at), revision) AS newest
        FROM {{database}}.run_segments
        GROUP BY run_id, trace_id
    )
    WHERE segment_steps != 0 OR segment_attempts != 0 OR segment_calls != 0 OR segment_failed_calls != 0 OR segment_cost != 0
)
GROUP BY run_id
