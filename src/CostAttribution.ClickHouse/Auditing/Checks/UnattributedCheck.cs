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
        "no row lacks a customer or feature that its ancestors, its session or its run have by now";
    public override AuditRepair Repair => AuditRepair.Trace;
    public override bool TellsCandidates => true;

    public override async Task<AuditSuspects> FindAsync(AuditStore store, AuditScope scope, CancellationToken cancel)
    {
        var turn = new TraceTurn(scope.LookedAtUpTo.GetValueOrDefault(Name, ""));
        var suspects = new SortedDictionary<string, AuditSuspect>(turn);
        var cut = new Cut(turn);

        var (below, all) = await turn.FirstAsync(store, TraceFilter.Passes(scope, store.Limits).Select(BelowOwners),
            store.Limits.TracesLookedAtMax, cancel).ConfigureAwait(false);
        cut.Note(below, all);
        foreach (var traces in below.Select(row => Trace(row, "trace_id")).Chunk(TracesPerQuestionMax))
        {
            foreach (var (trace, detail) in await OwnersAboveAsync(store, traces, cancel).ConfigureAwait(false))
                suspects[$"{trace}"] = new AuditSuspect("ancestor_known", $"{trace}", detail) { TraceId = trace };
        }
        foreach (var question in Questions)
        {
            var (rows, total) = await turn.FirstAsync(store,
                TraceFilter.Passes(scope, store.Limits).Select(filter => Words(filter, scope, question)),
                store.Limits.SuspectsMax, cancel).ConfigureAwait(false);
            cut.Note(rows, total);
            foreach (var row in rows) Add(suspects, question.Topic, question.Key, question.Dimension, row);
        }
        return cut.Of(suspects, store.Limits.SuspectsMax);
    }

    public override Task<IReadOnlyList<AuditSuspect>> ConfirmAsync(AuditStore store, IReadOnlyList<AuditSuspect> suspects,
        CancellationToken cancel) => Task.FromResult(suspects);

    private static void Add(SortedDictionary<string, AuditSuspect> suspects, OutsideTopic topic, string key, string dimension,
        JsonElement row)
    {
        var trace = Trace(row, "trace_id");
        var word = new OutsideWord(topic, Text(row, "topic"), Trace(row, "source"), default, dimension, Text(row, "value"));
        if (!suspects.TryGetValue($"{trace}", out var known))
        {
            known = new AuditSuspect(topic == OutsideTopic.Session ? "session_known" : "run_known", $"{trace}",
                $"{key} {word.Key} has {dimension} {word.Value} in trace {word.Source}") { TraceId = trace };
        }
        suspects[$"{trace}"] = known with { Words = [.. known.Words, word] };
    }

    // Traces that lack something which some span of theirs has.
    private static string BelowOwners(TraceFilter filter)
    {
        string With(string missing, string owners) => $"""
            SELECT trace_id FROM {TraceFactsBlock.TableName}
            WHERE trace_id IN (SELECT trace_id FROM ({LackingOwners.Rows(filter.Ledger, missing)}))
                AND arrayExists(owner -> owner != '', {owners})
            """;
        return $"{With(LackingOwners.Customer, "customers")} UNION DISTINCT {With(LackingOwners.Feature, "features")}";
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
        var lacking = await store.ReadAsync(LackingOwners.Rows(filter.LedgerOfTraces), cancel).ConfigureAwait(false);
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
    private static string Words(TraceFilter filter, AuditScope scope,
        (OutsideTopic Topic, string Key, string Dimension, string Column) question)
    {
        var (topic, key, dimension, column) = question;
        var ofOwn = topic == OutsideTopic.Run ? " AND run_id != trace_id" : "";
        var lacking = $"SELECT DISTINCT trace_id, {key} AS topic FROM ({LackingOwners.Rows(filter.Ledger, $"{column} = ''")}) " +
            $"WHERE {key} != ''{ofOwn}";
        // Two sources, since one may be the trace itself.
        return $"""
            SELECT lacking.trace_id AS trace_id, lacking.topic AS topic, known.value AS value,
                arrayFirst(source -> source != lacking.trace_id, known.sources) AS source
            FROM ({lacking}) AS lacking
            INNER JOIN (
                SELECT topic, any(value) AS value, any(sources) AS sources
                FROM (
                    SELECT {key} AS topic, {column} AS value, groupUniqArray(2)(trace_id) AS sources
                    FROM {CostLedgerBlock.TableName}
                    WHERE {HourSql.Within("event_time", scope.From.AddDays(-1), scope.To.AddDays(1))}
                        AND {dimension}_evidence IN ('own', 'ancestor') AND {key} IN (SELECT topic FROM ({lacking}))
                    GROUP BY topic, value HAVING sum(sign) > 0
                )
                GROUP BY topic HAVING count() = 1
            ) AS known ON known.topic = lacking.topic
            WHERE source != ''
            """;
    }

    private static TraceId Trace(JsonElement row, string column) =>
        TraceId.TryParse(Text(row, column), out var trace) ? trace : default;

    private static string Text(JsonElement row, string column) => row.GetProperty(column).GetString() ?? "";

    /// <summary>How far the questions got: where one of them was cut, the turn ends for all.</summary>
    private sealed class Cut(TraceTurn turn)
    {
        private string? last;
        private long unexamined;

        public void Note(List<JsonElement> rows, long total)
        {
            if (rows.Count >= total) return;
            unexamined += total - rows.Count;
            var end = TraceTurn.IdOf(rows[^1]);
            if (last is null || turn.Compare(end, last) < 0) last = end;
        }

        public AuditSuspects Of(SortedDictionary<string, AuditSuspect> suspects, int max)
        {
            AuditSuspect[] told =
            [
                .. suspects.Where(pair => last is null || turn.Compare(pair.Key, last) <= 0).Select(pair => pair.Value).Take(max),
            ];
            var total = suspects.Count + unexamined;
            if (told.Length == max && max < suspects.Count) last = told[^1].Subject;
            return new AuditSuspects(told, total, last ?? "");
        }
    }
}
