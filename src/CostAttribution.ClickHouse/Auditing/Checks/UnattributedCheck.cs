using System.Globalization;
using System.Text.Json;
using CostAttribution.ClickHouse.Facts;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.Domain.Identity;

namespace CostAttribution.ClickHouse.Auditing.Checks;

/// <summary>
/// Rows without customer or feature whose owner the store knows by now: an ancestor that came later, the session, the run.
/// Tells candidates: only costing the trace again decides.
/// </summary>
public sealed class UnattributedCheck : AuditCheck
{
    private const int TracesPerQuestionMax = 100;

    // What other traces of a session or run may be asked about; as costing asks.
    private static readonly (OutsideTopic Topic, string Key, string Dimension, string Column)[] Questions =
    [
        (OutsideTopic.Session, "session_id", "customer", "customer_id"), (OutsideTopic.Run, "run_id", "customer", "customer_id"),
        (OutsideTopic.Run, "run_id", "feature", "feature_id"),
    ];

    public override string Name => "owners_found_later";
    public override string Asserts =>
        "no row lacks a customer or feature that its ancestors, its links, its session or its run have by now";
    public override AuditRepair Repair => AuditRepair.Trace;

    public override async Task<AuditSuspects> FindAsync(AuditStore store, AuditScope scope, CancellationToken cancel)
    {
        var suspects = new Dictionary<TraceId, AuditSuspect>();
        var below = await TracesBelowOwnersAsync(store, scope, cancel).ConfigureAwait(false);
        foreach (var traces in below.Chunk(TracesPerQuestionMax))
        {
            foreach (var (trace, detail) in await OwnersAboveAsync(store, traces, cancel).ConfigureAwait(false))
                suspects[trace] = new AuditSuspect("ancestor_known", $"{trace}", detail) { TraceId = trace };
        }
        foreach (var (topic, key, dimension, column) in Questions)
        {
            var words = await WordsAsync(store, scope, topic, key, dimension, column, cancel).ConfigureAwait(false);
            foreach (var (trace, word) in words)
            {
                var known = suspects.GetValueOrDefault(trace) ?? new AuditSuspect(
                    topic == OutsideTopic.Session ? "session_known" : "run_known", $"{trace}",
                    $"{key} {word.Key} has {dimension} {word.Value} in trace {word.Source}") { TraceId = trace };
                suspects[trace] = known with { Words = [.. known.Words, word] };
            }
        }
        return new AuditSuspects([.. suspects.Values.Take(store.Limits.SuspectsMax)], suspects.Count);
    }

    public override Task<IReadOnlyList<AuditSuspect>> ConfirmAsync(AuditStore store, IReadOnlyList<AuditSuspect> suspects,
        CancellationToken cancel) => Task.FromResult(suspects);

    /// <summary>Traces in the scope with a standing row that lacks its customer or feature.</summary>
    public static async Task<IReadOnlyList<TraceId>> LackingAsync(AuditStore store, AuditScope scope, CancellationToken cancel)
    {
        var rows = await store.ReadAsync(string.Create(CultureInfo.InvariantCulture,
            $"SELECT DISTINCT trace_id FROM ({Lacking(scope)}) LIMIT {store.Limits.SuspectsMax}"), cancel).ConfigureAwait(false);
        return [.. rows.Select(row => Trace(row, "trace_id"))];
    }

    private static string Lacking(AuditScope scope, string missing = "customer_id = '' OR feature_id = ''") => $"""
        SELECT trace_id, span_id, session_id, run_id, customer_id, feature_id
        FROM {CostLedgerBlock.TableName}
        WHERE {TraceFilter.Of(scope, 0, 1).Ledger} AND ({missing})
        GROUP BY trace_id, span_id, cost_item, session_id, run_id, customer_id, feature_id
        HAVING sum(sign) > 0
        """;

    private static async Task<IReadOnlyList<TraceId>> TracesBelowOwnersAsync(AuditStore store, AuditScope scope,
        CancellationToken cancel)
    {
        var rows = await store.ReadAsync(string.Create(CultureInfo.InvariantCulture, $"""
            SELECT DISTINCT trace_id FROM {TraceFactsBlock.TableName}
            WHERE trace_id IN (SELECT trace_id FROM ({Lacking(scope)}))
                AND (arrayExists(c -> c != '', customers) OR arrayExists(f -> f != '', features))
            LIMIT {store.Limits.SuspectsMax}
            """), cancel).ConfigureAwait(false);
        return [.. rows.Select(row => Trace(row, "trace_id"))];
    }

    // Which of the traces have a standing row without an owner below a span that has one.
    private static async Task<IReadOnlyList<(TraceId Trace, string Detail)>> OwnersAboveAsync(AuditStore store, TraceId[] traces,
        CancellationToken cancel)
    {
        var filter = TraceFilter.Of(traces);
        var spans = (await store.ReadAsync($"""
            SELECT trace_id, span AS span_id, argMax(parent, revision) AS parent, argMax(customer, revision) AS customer_id,
                argMax(feature, revision) AS feature_id
            FROM {TraceFactsBlock.TableName}
            ARRAY JOIN span_ids AS span, parent_span_ids AS parent, customers AS customer, features AS feature
            WHERE {filter.FactsOfTraces}
            GROUP BY trace_id, span
            """, cancel).ConfigureAwait(false))
            .ToDictionary(row => (Text(row, "trace_id"), Text(row, "span_id")),
                row => (Parent: Text(row, "parent"), Customer: Text(row, "customer_id"), Feature: Text(row, "feature_id")));
        var lacking = await store.ReadAsync($"""
            SELECT trace_id, span_id, customer_id, feature_id FROM {CostLedgerBlock.TableName}
            WHERE {filter.LedgerOfTraces} AND (customer_id = '' OR feature_id = '')
            GROUP BY trace_id, span_id, cost_item, customer_id, feature_id HAVING sum(sign) > 0
            """, cancel).ConfigureAwait(false);
        var found = new Dictionary<TraceId, string>();
        foreach (var row in lacking)
        {
            var (trace, at) = (Text(row, "trace_id"), Text(row, "span_id"));
            var (noCustomer, noFeature) = (Text(row, "customer_id").Length == 0, Text(row, "feature_id").Length == 0);
            // A loop of parents ends with the spans.
            for (var step = 0; step < spans.Count && spans.TryGetValue((trace, at), out var span); step++, at = span.Parent)
            {
                if (!(noCustomer && span.Customer.Length > 0) && !(noFeature && span.Feature.Length > 0)) continue;
                found.TryAdd(Trace(row, "trace_id"), $"span {Text(row, "span_id")} stands below {at}, which has customer " +
                    $"'{span.Customer}' and feature '{span.Feature}'");
                break;
            }
        }
        return [.. found.Select(pair => (pair.Key, pair.Value))];
    }

    // What exactly one value first-hand in other traces of the same session or run says about the rows that lack it.
    private static async Task<IReadOnlyList<(TraceId Trace, OutsideWord Word)>> WordsAsync(AuditStore store, AuditScope scope,
        OutsideTopic topic, string key, string dimension, string column, CancellationToken cancel)
    {
        var ofOwn = topic == OutsideTopic.Run ? " AND run_id != trace_id" : "";
        var lacking = $"SELECT DISTINCT trace_id, {key} AS topic FROM ({Lacking(scope, $"{column} = ''")}) " +
            $"WHERE {key} != ''{ofOwn}";
        var evidence = dimension + "_evidence";
        var rows = await store.ReadAsync(string.Create(CultureInfo.InvariantCulture, $"""
            SELECT lacking.trace_id AS trace_id, lacking.topic AS topic, known.value AS value, known.source AS source
            FROM ({lacking}) AS lacking
            INNER JOIN (
                SELECT topic, any(value) AS value, any(source) AS source
                FROM (
                    SELECT {key} AS topic, {column} AS value, any(trace_id) AS source
                    FROM {CostLedgerBlock.TableName}
                    WHERE {HourSql.Within("event_time", scope.From.AddDays(-1), scope.To.AddDays(1))}
                        AND {evidence} IN ('own', 'ancestor') AND {key} IN (SELECT topic FROM ({lacking}))
                    GROUP BY topic, value HAVING sum(sign) > 0
                )
                GROUP BY topic HAVING count() = 1
            ) AS known ON known.topic = lacking.topic
            WHERE known.source != lacking.trace_id
            LIMIT {store.Limits.SuspectsMax}
            """), cancel).ConfigureAwait(false);
        return [.. rows.Select(row => (Trace(row, "trace_id"), new OutsideWord(topic, Text(row, "topic"), Trace(row, "source"),
            default, dimension, Text(row, "value"))))];
    }

    private static TraceId Trace(JsonElement row, string column) =>
        TraceId.TryParse(Text(row, column), out var trace) ? trace : default;

    private static string Text(JsonElement row, string column) => row.GetProperty(column).GetString() ?? "";
}
