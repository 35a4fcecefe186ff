using CostAttribution.ClickHouse.Auditing;
using CostAttribution.ClickHouse.Auditing.Checks;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Tracing;

namespace CostAttribution.Ingest.Auditing;

/// <summary>
/// Rows without customer or feature in traces that link to a span whose owner the store knows by now. Tells candidates: only
/// costing the trace again decides.
/// </summary>
internal sealed class LinkedOwnersCheck(LedgerReader reader, AttributeKeyTable keys) : AuditCheck
{
    private const int TracesPerQuestion = 200;

    public override string Name => "linked_owners_found_later";
    public override string Asserts => "no row lacks a customer or feature that a span it links to has by now";
    public override AuditRepair Repair => AuditRepair.Trace;

    public override async Task<AuditSuspects> FindAsync(AuditStore store, AuditScope scope, CancellationToken cancel)
    {
        var suspects = new List<AuditSuspect>();
        var lacking = await UnattributedCheck.LackingAsync(store, scope, cancel).ConfigureAwait(false);
        foreach (var traces in lacking.Chunk(TracesPerQuestion))
        {
            var links = await LinksOfAsync(traces, cancel).ConfigureAwait(false);
            if (links.Count == 0) continue;
            var owners = (await reader.LoadSpanOwnersAsync([.. links.Select(link => link.Target).Distinct()], cancel)
                .ConfigureAwait(false)).ToDictionary(owner => (owner.TraceId, owner.SpanId));
            foreach (var trace in links.GroupBy(link => link.From))
            {
                OutsideWord[] words = [.. trace.Where(link => owners.ContainsKey(link.Target))
                    .SelectMany(link => Words(owners[link.Target]))];
                if (words.Length == 0) continue;
                suspects.Add(new AuditSuspect("link_known", $"{trace.Key}",
                    $"linked span {words[0].Source}/{words[0].Span} has {words[0].Dimension} {words[0].Value}")
                {
                    TraceId = trace.Key, Words = words,
                });
            }
        }
        return new AuditSuspects(suspects, suspects.Count);
    }

    public override Task<IReadOnlyList<AuditSuspect>> ConfirmAsync(AuditStore store, IReadOnlyList<AuditSuspect> suspects,
        CancellationToken cancel) => Task.FromResult(suspects);

    private static IEnumerable<OutsideWord> Words(ClickHouse.Facts.StoredSpanOwner owner)
    {
        if (owner.Customer.Length > 0) yield return Word("customer", owner.Customer);
        if (owner.Feature.Length > 0) yield return Word("feature", owner.Feature);

        OutsideWord Word(string dimension, string value) =>
            new(OutsideTopic.Link, "", owner.TraceId, owner.SpanId, dimension, value);
    }

    private async Task<List<(TraceId From, (TraceId TraceId, SpanId SpanId) Target)>> LinksOfAsync(TraceId[] traces,
        CancellationToken cancel)
    {
        var links = new List<(TraceId, (TraceId, SpanId))>();
        foreach (var facts in await reader.LoadFactsAsync(traces, cancel).ConfigureAwait(false))
        {
            if (facts.Blob.IsEmpty) continue;
            try
            {
                using var batch = SpanBatch.Decode(facts.Blob.Span, keys);
                foreach (var span in batch.Spans)
                {
                    for (var i = 0; i < span.LinkCount; i++) links.Add((facts.TraceId, span.Link(i)));
                }
            }
            catch (InvalidDataException)
            {
                // Such a trace cannot be costed again either; the look-up that needs it says so.
            }
        }
        return links;
    }
}
