using System.Globalization;
using CostAttribution.ClickHouse.Adjustments;
using CostAttribution.Domain.Adjustments;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.Ingest.Adjustments;

/// <summary>
/// Settles the terms of a book over a range, in the order in which they count into each other: what stands for periods that no
/// term has any more is taken back; quantities and capacity; minimum charges; commitments. Each period is posted and confirmed
/// before the next is computed, so that what is cut off is gone on with by the same request, and done twice changes nothing.
/// </summary>
internal sealed class AdjustmentRun(AdjusterParts parts, AdjustmentReport begun, RateBook book, AdjustmentDue due,
    Action<AdjustmentReport> tell)
{
    private const long NanosPerTick = 100;
    private const int SettlementsPerWrite = 100;

    private static readonly PeriodTermKind[][] Phases =
    [
        [PeriodTermKind.VolumeTiers, PeriodTermKind.Allowance, PeriodTermKind.Capacity], [PeriodTermKind.MinimumCharge],
        [PeriodTermKind.Commitment],
    ];

    private readonly AdjustmentRows rows = new(parts.Store);
    private readonly SettlementLog log = new(parts.Store);
    private readonly PeriodUsage usage = new(parts.Store, book, parts.Options.GroupsMax);
    private readonly List<(PeriodTermKind Kind, GroupSum Sum)> pending = [];
    private readonly List<SettlementReport> unwritten = [];
    private readonly Dictionary<(string, string), SettlementReport> known = [];
    private Money difference = Money.Zero;

    /// <summary>How far it is.</summary>
    public AdjustmentReport Report { get; private set; } = begun;

    public async Task RunAsync(CancellationToken cancel)
    {
        var now = Report.StartedAt;
        var from = Report.From ?? await rows.OldestAsync(cancel).ConfigureAwait(false) ?? now;
        var to = Report.To is { } end && end < now ? end : now;
        foreach (var settlement in await log.ListAsync(from, to, Report.Term, parts.Options.PeriodsMax, cancel)
            .ConfigureAwait(false)) known[(settlement.Term, settlement.Period)] = settlement;
        var spans = Spans(NanosOf(from), NanosOf(to));
        await WithdrawAsync(from, Report.To ?? now.AddDays(1), spans, cancel).ConfigureAwait(false);
        foreach (var phase in Phases)
        {
            foreach (var (term, span) in spans.Where(some => phase.Contains(some.Term.Kind)))
                await SettleAsync(term, span, NanosOf(now), cancel).ConfigureAwait(false);
        }
        await WriteAsync(0, cancel).ConfigureAwait(false);
    }

    private List<(PeriodTerm Term, TermSpan Span)> Spans(long from, long to)
    {
        var spans = book.Terms.Where(term => (Report.Term ?? term.Id) == term.Id).OrderBy(term => term.Id, StringComparer.Ordinal)
            .SelectMany(term => TermPeriods.Within(term, from, to).Select(span => (term, span)))
            .Take(parts.Options.PeriodsMax + 1).ToList();
        return spans.Count <= parts.Options.PeriodsMax ? spans : throw new SettlementRefusedException(
            $"the range has more than {parts.Options.PeriodsMax} periods; settle it in parts, or raise Adjustments:PeriodsMax");
    }

    // A term that was withdrawn, or cut at another time, leaves rows that nobody owes.
    private async Task WithdrawAsync(DateTimeOffset from, DateTimeOffset to, List<(PeriodTerm Term, TermSpan Span)> spans,
        CancellationToken cancel)
    {
        var owed = spans.Select(some => (some.Term.Id, some.Span.ToString())).ToHashSet();
        // Rows lie at the begin of the day of their usage.
        var standing = await rows.PeriodsAsync(new DateTimeOffset(from.UtcDateTime.Date, TimeSpan.Zero), to, cancel)
            .ConfigureAwait(false);
        foreach (var (id, period, kind) in standing.Where(some => (Report.Term ?? some.Term) == some.Term))
        {
            if (owed.Contains((id, period)) || !TermSpan.TryParse(period, out var span) || span.ToNanos <= NanosOf(from)
                || span.FromNanos >= NanosOf(to)) continue;
            var (changed, posted) = await PostAsync(id, span, new Dictionary<TraceId, LedgerEntry[]>(), kind, cancel)
                .ConfigureAwait(false);
            await NoteAsync(Settlement(id, kind, span, SettlementState.Withdrawn), changed, posted, cancel).ConfigureAwait(false);
        }
    }

    private async Task SettleAsync(PeriodTerm term, TermSpan span, long nowNanos, CancellationToken cancel)
    {
        var isOver = span.ToNanos <= nowNanos - parts.Options.Delay.Ticks * NanosPerTick;
        if (!isOver && (!Report.Open || TermPeriods.IsOwedAtTheEnd(term.Kind)))
        {
            Tell(Report with { PeriodsPending = Report.PeriodsPending + 1 });
            return;
        }
        var before = known.GetValueOrDefault((term.Id, span.ToString()));
        if (!due.IsDue(term, span, isOver, before)) return;
        var settlement = Settlement(term.Id, UsageSums.KindText(term.Kind), span,
            isOver ? SettlementState.Final : SettlementState.Provisional) with { Unit = term.Unit };
        try
        {
            var usd = book.UsdPer(term.Currency, span.FromNanos)
                ?? throw new SettlementRefusedException($"there is no exchange rate of {term.Currency} at its begin");
            var sums = await usage.ReadAsync(term, span, cancel).ConfigureAwait(false);
            if (TermPeriods.IsOwedAtTheEnd(term.Kind)) sums.AddRange(PendingFor(term, span));
            var settled = TermSettler.Settle(term, span, sums, usd, nowNanos);
            settlement = Tell(settlement, term, settled, usd);
            var wanted = AdjustmentEntries.Of(term, span, settled, book);
            var (changed, posted) = await PostAsync(term.Id, span, wanted, settlement.Kind, cancel).ConfigureAwait(false);
            await NoteAsync(settlement, changed, posted, cancel).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is SettlementRefusedException or OverflowException or InvalidDataException)
        {
            await NoteAsync(settlement with { State = SettlementState.Refused, Failure = fault.Message }, Money.Zero, 0, cancel)
                .ConfigureAwait(false);
        }
    }

    // What a dry run would have posted of terms that count into this one.
    private IEnumerable<GroupSum> PendingFor(PeriodTerm term, TermSpan span)
    {
        var reach = new TermReach(term);
        var before = UsageSums.Before(term.Kind);
        return pending.Where(some => before.Contains(some.Kind) && some.Sum.Group.SlotMicros >= span.FromNanos / 1000
            && some.Sum.Group.SlotMicros < span.ToNanos / 1000 && reach.Covers(some.Sum.Group)).Select(some => some.Sum with
            {
                Group = new AdjustmentGroup(TermSettler.SlotOf(term, span), some.Sum.Group.Parts.ToArray(),
                    some.Sum.Group.Dimensions),
            });
    }

    /// <summary>By how much the ledger changes, and how many rows that takes.</summary>
    private async Task<(Money Changed, long Posted)> PostAsync(string term, TermSpan span,
        IReadOnlyDictionary<TraceId, LedgerEntry[]> wanted, string kind, CancellationToken cancel)
    {
        var (changed, posted) = (Money.Zero, 0L);
        var counts = await rows.CountAsync(term, span, cancel).ConfigureAwait(false);
        foreach (var traces in Chunks(counts, wanted))
        {
            List<LedgerEntry> made = [];
            if (Report.DryRun)
            {
                made = await MakeAsync(traces, cancel).ConfigureAwait(false);
                Remember(kind, made);
            }
            else
            {
                var done = await parts.Pipeline.PostRowsAsync(async stop => made = await MakeAsync(traces, stop)
                    .ConfigureAwait(false), cancel).ConfigureAwait(false);
                if (done.Refused.Count > 0)
                    throw new SettlementRefusedException("the store refused its rows, which are set aside; see 'quarantine'");
            }
            foreach (var row in made)
            {
                changed = row.Sign > 0 ? changed + row.Cost.Cost : changed - row.Cost.Cost;
                due.Touch(row.EventTimeMicros);
            }
            posted += made.Count;
        }
        return (changed, posted);

        async Task<List<LedgerEntry>> MakeAsync(IReadOnlyList<TraceId> traces, CancellationToken stop)
        {
            var history = await rows.LoadAsync(term, span, traces, stop).ConfigureAwait(false);
            if (history.Unreadable.Count > 0)
                throw new SettlementRefusedException($"rows of it cannot be read: {history.Unreadable.Values.First()}");
            return AdjustmentEntries.Difference(history, traces, wanted);
        }
    }

    private void Remember(string kind, List<LedgerEntry> made)
    {
        if (pending.Count + made.Count > parts.Options.GroupsMax)
            throw new SettlementRefusedException("too much differs for a dry run; ask for a shorter range");
        var of = Enum.GetValues<PeriodTermKind>().First(value => UsageSums.KindText(value) == kind);
        foreach (var row in made)
        {
            var cost = row.Sign * row.Cost.Cost.PicoUsd;
            var group = new AdjustmentGroup(row.EventTimeMicros,
            [
                row.CustomerId, row.FeatureId, row.Product, row.Team, row.Environment, row.Plan, row.Audience, row.Provider,
                row.Seller, row.Model, row.ProviderAccount, row.ProviderProject, row.ProviderKey, row.Region,
            ], row.Dimensions);
            pending.Add((of, new GroupSum(group, 0, 0, cost, 0, 0, 0)));
        }
    }

    // As many traces at once as keep the rows held within their limit; at least one.
    private IEnumerable<IReadOnlyList<TraceId>> Chunks(IReadOnlyDictionary<TraceId, long> standing,
        IReadOnlyDictionary<TraceId, LedgerEntry[]> wanted)
    {
        var (chunk, held) = (new List<TraceId>(), 0L);
        foreach (var trace in standing.Keys.Union(wanted.Keys).Order())
        {
            var size = standing.GetValueOrDefault(trace) + 2L * wanted.GetValueOrDefault(trace, []).Length;
            if (chunk.Count > 0 && held + size > parts.Options.RowsHeldMax)
            {
                yield return chunk;
                (chunk, held) = ([], 0);
            }
            chunk.Add(trace);
            held += size;
        }
        if (chunk.Count > 0) yield return chunk;
    }

    private async Task NoteAsync(SettlementReport settlement, Money changed, long posted, CancellationToken cancel)
    {
        difference += changed;
        var isRefused = settlement.State == SettlementState.Refused;
        var tells = posted > 0 || isRefused;
        Tell(Report with
        {
            Periods = Report.Periods + 1, PeriodsChanged = Report.PeriodsChanged + (posted > 0 ? 1 : 0),
            PeriodsRefused = Report.PeriodsRefused + (isRefused ? 1 : 0), RowsPosted = Report.RowsPosted + posted,
            Difference = difference.ToString(),
            Settlements = tells && Report.Settlements.Count < AdjustmentReport.SettlementsMax
                ? [.. Report.Settlements, settlement] : Report.Settlements,
        });
        var key = (settlement.Term, settlement.Period);
        if (Report.DryRun || (known.TryGetValue(key, out var last) && last.SaysTheSame(settlement))) return;
        known[key] = settlement;
        unwritten.Add(settlement);
        await WriteAsync(SettlementsPerWrite, cancel).ConfigureAwait(false);
    }

    private async Task WriteAsync(int atLeast, CancellationToken cancel)
    {
        if (unwritten.Count <= atLeast) return;
        await log.WriteAsync(unwritten, parts.Clock.GetUtcNow().ToUnixTimeMilliseconds(), cancel).ConfigureAwait(false);
        unwritten.Clear();
    }

    private SettlementReport Settlement(string term, string kind, TermSpan span, SettlementState state) => new()
    {
        Term = term, Kind = kind, Period = span.ToString(), From = TimeOf(span.FromNanos), To = TimeOf(span.ToNanos),
        State = state, SettledAt = parts.Clock.GetUtcNow(), Node = parts.NodeId,
        RateBookVersion = book.Version.ToString(CultureInfo.InvariantCulture),
    };

    private static SettlementReport Tell(SettlementReport settlement, PeriodTerm term, TermSettlement settled, Rational usd) =>
        settlement with
        {
            Quantity = settled.Quantity.ToString(CultureInfo.InvariantCulture), Before = settled.Before.ToString(),
            Settled = settled.Settled.ToString(), Adjustment = settled.Adjustment.ToString(),
            Unallocated = settled.Unallocated.ToString(), Lines = settled.Lines.Count,
            ExchangeRate = term.Currency == "USD" ? "" : usd.ToString(),
            Steps = [.. settled.Steps.Select(step => new SettlementStep(step.What, step.Quantity, step.Each, step.Amount))],
            Groups = [.. Largest(settled.Lines)],
        };

    private static IEnumerable<SettlementGroup> Largest(IReadOnlyList<AdjustmentLine> lines) => lines
        .GroupBy(line => (line.Group.Customer, line.Group.Feature, line.Group.Provider, line.Group.Model))
        .Select(group => (group.Key, Lines: group.LongCount(), Amount: group.Aggregate(Money.Zero,
            (sum, line) => sum + line.Amount))).OrderByDescending(group => Int128.Abs(group.Amount.PicoUsd))
        .ThenBy(group => group.Key.Customer, StringComparer.Ordinal).ThenBy(group => group.Key.Feature, StringComparer.Ordinal)
        .ThenBy(group => group.Key.Provider, StringComparer.Ordinal).ThenBy(group => group.Key.Model, StringComparer.Ordinal)
        .Take(SettlementReport.GroupsMax).Select(group => new SettlementGroup(group.Key.Customer, group.Key.Feature,
            group.Key.Provider, group.Key.Model, group.Lines, group.Amount.ToString()));

    private void Tell(AdjustmentReport report) => tell(Report = report);

    private static long NanosOf(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) * NanosPerTick;

    private static DateTimeOffset TimeOf(long nanos) => DateTimeOffset.UnixEpoch.AddTicks(nanos / NanosPerTick);
}
