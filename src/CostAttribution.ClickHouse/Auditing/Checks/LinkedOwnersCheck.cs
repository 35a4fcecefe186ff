using System.Text.Json;
using CostAttribution.ClickHouse.Topics;
using CostAttribution.Domain.Identity;

namespace CostAttribution.ClickHouse.Auditing.Checks;

/// <summary>
/// Rows without customer or feature in traces that link to a span whose owner the store knows by now. Tells candidates: only
/// costing the trace again decides.
/// </summary>
public sealed class LinkedOwnersCheck : AuditCheck
{
    private const int LinksPerQuestion = 500;

    public override string Name => "linked_owners_found_later";
    public override string Asserts => "no row lacks a customer or feature that a span it links to has by now";
    public override AuditRepair Repair => AuditRepair.Trace;
    public override bool TellsCandidates => true;

    public override async Task<AuditSuspects> FindAsync(AuditStore store, AuditScope scope, CancellationToken cancel)
    {
        var turn = new TraceTurn(scope.LookedAtUpTo.GetValueOrDefault(Name, ""));
        var (links, total) = await turn.FirstAsync(store, TraceFilter.Passes(scope, store.Limits).Select(OpenLinks),
            store.Limits.TracesLookedAtMax, cancel).ConfigureAwait(false);
        var isCut = links.Count < total;
        // A trace of which not all links are here has its turn in the next audit, unless it has more than one audit takes.
        var last = isCut ? TraceTurn.IdOf(links[^1]) : "";
        if (isCut && TraceTurn.IdOf(links[0]) != last) links = [.. links.Where(link => TraceTurn.IdOf(link) != last)];

        var suspects = new List<AuditSuspect>();
        foreach (var some in links.Chunk(LinksPerQuestion))
        {
            var owners = await OwnersAsync(store, some, cancel).ConfigureAwait(false);
            foreach (var link in some)
            {
                if (!owners.TryGetValue((Text(link, "topic"), Text(link, "item")), out var owner)) continue;
                var customer = Flag(link, "lacks_customer") ? owner.Customer : "";
                var feature = Flag(link, "lacks_feature") ? owner.Feature : "";
                if (customer.Length + feature.Length > 0) Add(suspects, link, customer, feature);
            }
        }
        var told = suspects.Take(store.Limits.SuspectsMax).ToList();
        var upTo = told.Count < suspects.Count ? told[^1].Subject : links.Count > 0 && isCut ? TraceTurn.IdOf(links[^1]) : "";
        return new AuditSuspects(told, suspects.Count + total - links.Count, upTo);
    }

    public override Task<IReadOnlyList<AuditSuspect>> ConfirmAsync(AuditStore store, IReadOnlyList<AuditSuspect> suspects,
        CancellationToken cancel) => Task.FromResult(suspects);

    // Links of lacking traces, as their last final posting has them.
    private static string OpenLinks(TraceFilter filter) => $"""
        SELECT asked.trace_id AS trace_id, topic, item, lacks_customer, lacks_feature
        FROM (
            SELECT trace_id, topic, item FROM {TraceTopicsBlock.TableName} WHERE kind = 'link'
            GROUP BY trace_id, topic, item HAVING argMax(asks, (revision, posted_at))
        ) AS asked
        INNER JOIN (
            SELECT trace_id, max({LackingOwners.Customer}) AS lacks_customer, max({LackingOwners.Feature}) AS lacks_feature
            FROM ({LackingOwners.Rows(filter.Ledger)}) GROUP BY trace_id
        ) AS lacking ON lacking.trace_id = asked.trace_id
        """;

    private static async Task<Dictionary<(string Trace, string Span), (string Customer, string Feature)>> OwnersAsync(
        AuditStore store, JsonElement[] links, CancellationToken cancel)
    {
        var traces = string.Join(',', links.Select(link => SqlText.String(Text(link, "topic"))).Distinct());
        var rows = await store.ReadAsync("SELECT trace_id, span_id, customer_id, feature_id FROM spans " +
            $"WHERE trace_id IN ({traces}) AND (customer_id != '' OR feature_id != '')", cancel).ConfigureAwait(false);
        return rows.ToDictionary(row => (Text(row, "trace_id"), Text(row, "span_id")),
            row => (Text(row, "customer_id"), Text(row, "feature_id")));
    }

    private static void Add(List<AuditSuspect> suspects, JsonElement link, string customer, string feature)
    {
        if (!TraceId.TryParse(Text(link, "topic"), out var linked) || !SpanId.TryParse(Text(link, "item"), out var span)
            || !TraceId.TryParse(Text(link, "trace_id"), out var trace)) return;
        var words = new List<OutsideWord>();
        if (customer.Length > 0) words.Add(new(OutsideTopic.Link, "", linked, span, "customer", customer));
        if (feature.Length > 0) words.Add(new(OutsideTopic.Link, "", linked, span, "feature", feature));
        if (suspects is [.., { } last] && last.TraceId == trace)
        {
            suspects[^1] = last with { Words = [.. last.Words, .. words] };
            return;
        }
        suspects.Add(new AuditSuspect("link_known", $"{trace}",
            $"linked span {linked}/{span} has {words[0].Dimension} {words[0].Value}") { TraceId = trace, Words = words });
    }

    private static string Text(JsonElement row, string column) => row.GetProperty(column).GetString() ?? "";

    private static bool Flag(JsonElement row, string column) => row.GetProperty(column).GetInt32() != 0;
}
