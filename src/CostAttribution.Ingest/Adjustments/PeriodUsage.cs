using CostAttribution.ClickHouse.Adjustments;
using CostAttribution.ClickHouse.Repricing;
using CostAttribution.ClickHouse.Snapshots;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Adjustments;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.Ingest.Adjustments;

/// <summary>
/// Usage and cost of a period by group. Where a column holds the cost of several units, the row is priced again by the book that
/// it stands with, which alone tells them apart.
/// </summary>
internal sealed class PeriodUsage(IClickHouseTransport store, RateBook inForce, int groupsMax)
{
    private const int BooksMax = 16;
    private const int RowsHeldMax = 5_000;

    private readonly UsageSums sums = new(store, groupsMax);
    private readonly StandingRows rows = new(store, RowsHeldMax);
    private readonly SnapshotArchive archive = new(store);
    private readonly Dictionary<long, RateBook> books = new() { [inForce.Version] = inForce };

    /// <summary>Throws <see cref="SettlementRefusedException"/> when it cannot be told exactly.</summary>
    public async Task<List<GroupSum>> ReadAsync(PeriodTerm term, TermSpan span, CancellationToken cancel)
    {
        var read = await sums.ReadAsync(term, span, cancel).ConfigureAwait(false) ?? throw TooMany();
        var all = read.ToList();
        if (await sums.RowsToPrice(term, span, cancel).ConfigureAwait(false) is not { } filter) return all;
        var priced = new Dictionary<AdjustmentGroup, GroupSum>();
        var reach = new TermReach(term);
        await foreach (var slice in rows.SlicesAsync(filter, cancel).ConfigureAwait(false))
        {
            var (entries, unreadable) = await rows.ReadAsync(filter, slice, cancel).ConfigureAwait(false);
            if (unreadable > 0) throw new SettlementRefusedException($"{unreadable} rows are of a newer program");
            foreach (var entry in entries)
            {
                var group = UsageSums.GroupOf(entry, term, span);
                if (!reach.Covers(group)) continue;
                var book = await BookAsync(entry.RateBookVersion, cancel).ConfigureAwait(false);
                if (Pricer.PriceUnit(book, EntryPricing.RequestOf(entry, book), entry.Usage, term.Unit) is not { } cost) continue;
                var sum = priced.GetValueOrDefault(group, new GroupSum(group, 0, 0, 0, 0, 0, 0));
                priced[group] = sum with
                {
                    Quantity = checked(sum.Quantity + QuantityOf(entry, term.Unit)),
                    UnitCost = checked(sum.UnitCost + cost.PicoUsd),
                };
                if (priced.Count > groupsMax) throw TooMany();
            }
        }
        all.AddRange(priced.Values);
        return all;
    }

    private SettlementRefusedException TooMany() => new($"its usage has more than {groupsMax} groups of day, customer, feature "
        + "and other dimensions; narrow the term, or raise Adjustments:GroupsMax");

    private async Task<RateBook> BookAsync(long version, CancellationToken cancel)
    {
        if (books.TryGetValue(version, out var known)) return known;
        var key = new SnapshotKey(SnapshotKind.RateBook, version);
        var kept = await archive.LoadAsync([key], cancel).ConfigureAwait(false);
        try
        {
            if (kept.TryGetValue(key, out var text) && RateBookText.Read(text) is var book && book.Version == version)
            {
                if (books.Count >= BooksMax) books.Clear();
                return books[version] = book;
            }
        }
        catch (InvalidDataException)
        {
            // Told below.
        }
        throw new SettlementRefusedException(
            $"rows stand with rate book {version}, which was not kept; reprice the period first");
    }

    private static long QuantityOf(LedgerEntry entry, string unit) => unit switch
    {
        "input_tokens" => entry.Usage.InputTokens,
        "cache_read_tokens" => entry.Usage.CacheReadTokens,
        "cache_write_tokens" => entry.Usage.CacheWriteTokens,
        "cache_write_1h_tokens" => entry.Usage.CacheWrite1hTokens,
        "output_tokens" => entry.Usage.OutputTokens,
        "reasoning_tokens" => entry.Usage.ReasoningTokens,
        _ => (entry.Usage.OtherUnits ?? []).Where(other => other.Unit == unit).Sum(other => other.Quantity),
    };
}

/// <summary>A period cannot be settled; the message says why and what an operator can do.</summary>
internal sealed class SettlementRefusedException(string why) : Exception(why);
