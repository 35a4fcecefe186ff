using CostAttribution.ClickHouse.Auditing;
using CostAttribution.ClickHouse.Repricing;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Pricing;
using CostAttribution.Ingest.Assembly;

namespace CostAttribution.Ingest.Repricing;

/// <summary>
/// One pass over what stands in a range, stretch by stretch, and behind it over what was posted meanwhile. A row's price follows
/// from the row, so what is counted is what is corrected. Corrections are posted by the pipeline, and the cursor is kept once a
/// stretch is confirmed: a stretch that is done twice changes nothing the second time.
/// </summary>
internal sealed class RepricingRun(RepricerParts parts, RepricingLog log, RepricingReport begun, RateBook book,
    Action<RepricingReport> tell)
{
    private const int TracesPerRecheck = 200;

    /// <summary>Passes over what is posted meanwhile; what comes still later is priced by the book in force.</summary>
    private const int LatePassesMax = 3;

    // The last instant that the ledger can hold.
    private const long MicrosMax = 10_413_792_000_000_000;

    /// <summary>How far the clocks of nodes may be apart.</summary>
    private static readonly TimeSpan ClocksApart = TimeSpan.FromMinutes(2);

    private readonly StandingRows standing = new(parts.Store, parts.RowsHeldMax);
    private readonly HashSet<TraceId> open = [];
    private readonly RepricingTotals totals = new(begun);
    private readonly ModelMove[] moves =
        [.. begun.Moves.Select(move => new ModelMove(move.FromProvider, move.FromModel, move.ToProvider, move.ToModel))];
    private readonly RowFilter filter = new(Micros(begun.From) ?? 0, Micros(begun.To) ?? MicrosMax)
    {
        Provider = begun.Provider, Model = begun.Model, Customer = begun.Customer,
    };

    private bool Applies => Report.Kind == RepricingKind.Apply;

    /// <summary>How far it is.</summary>
    public RepricingReport Report { get; private set; } = begun;

    public async Task RunAsync(CancellationToken cancel)
    {
        await SaveAsync(cancel).ConfigureAwait(false);
        var rest = filter with { FromMicros = Math.Max(filter.FromMicros, Micros(Report.Cursor) ?? 0) };
        await foreach (var slice in standing.SlicesAsync(rest, cancel).ConfigureAwait(false))
        {
            await DoAsync(rest, slice, isLate: false, cancel).ConfigureAwait(false);
            Report = Report with { Cursor = DateTimeOffset.UnixEpoch.AddMicroseconds(slice.ToMicros) };
            await SaveAsync(cancel).ConfigureAwait(false);
        }
        if (!Applies) return;
        var late = filter with { PostedSince = Report.StartedAt - ClocksApart };
        for (var pass = 0; pass < LatePassesMax; pass++)
        {
            var before = totals.RowsChanged;
            foreach (var some in open.Order().Chunk(TracesPerRecheck))
                await CorrectAsync(some, isLate: true, cancel).ConfigureAwait(false);
            await foreach (var slice in standing.SlicesAsync(late, cancel).ConfigureAwait(false))
                await DoAsync(late, slice, isLate: true, cancel).ConfigureAwait(false);
            Tell();
            if (totals.RowsChanged == before && open.Count == 0) return;
        }
    }

    private async Task DoAsync(RowFilter within, RowSlice slice, bool isLate, CancellationToken cancel)
    {
        var (entries, unreadable) = await standing.ReadAsync(within, slice, cancel).ConfigureAwait(false);
        if (!isLate)
        {
            totals.Look(entries.Count);
            Report = Report with { RowsUnreadable = Report.RowsUnreadable + unreadable };
        }
        var traces = new HashSet<TraceId>();
        foreach (var entry in entries)
        {
            var priced = EntryRepricing.Reprice(entry, book, moves);
            if (Applies)
            {
                if (priced is not null) traces.Add(entry.TraceId);
                else if (!isLate) totals.AddSame(entry);
            }
            else if (priced is null) totals.AddSame(entry);
            else totals.Add(entry, priced);
        }
        foreach (var some in traces.Order().Chunk(TracesPerRecheck))
            await CorrectAsync(some, isLate, cancel).ConfigureAwait(false);
        Tell();
    }

    private async Task CorrectAsync(TraceId[] traces, bool isLate, CancellationToken cancel)
    {
        var holders = await TraceHolders.LoadAsync(Ask(), parts.NodeId, cancel).ConfigureAwait(false);
        var elsewhere = await holders.ElsewhereAsync(traces, cancel).ConfigureAwait(false);
        TraceRecheck[] rechecks =
        [
            .. traces.Where(trace => !elsewhere.ContainsKey(trace))
                .Select(trace => new TraceRecheck(trace) { Prices = new PriceOrder(book, filter) }),
        ];
        if (rechecks.Length > 0) await parts.Pipeline.RecheckAsync(rechecks, cancel).ConfigureAwait(false);
        foreach (var recheck in rechecks)
        {
            if (recheck.Outcome == RecheckOutcome.StillOpen) open.Add(recheck.TraceId);
            if (recheck.Outcome != RecheckOutcome.Done) continue;
            open.Remove(recheck.TraceId);
            foreach (var (old, priced) in recheck.Repriced) totals.Add(old, priced);
        }
        Report = Report with
        {
            RowsPosted = totals.RowsChanged * 2,
            TracesOpen = open.Count,
            TracesLeft = Report.TracesLeft + (isLate ? 0 : rechecks.Count(recheck => recheck.Outcome == RecheckOutcome.NoFacts)),
            TracesElsewhere = Report.TracesElsewhere + (isLate ? 0 : elsewhere.Count),
        };
        Tell();
    }

    private AuditStore Ask() => new(parts.Store, new AuditLimits());

    private void Tell() => tell(Report = totals.Into(Report));

    private Task SaveAsync(CancellationToken cancel)
    {
        Tell();
        return log.WriteAsync(Report, parts.Clock.GetUtcNow().ToUnixTimeMilliseconds(), cancel);
    }

    private static long? Micros(DateTimeOffset? time) => time is { } at
        ? (at.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond : null;
}
