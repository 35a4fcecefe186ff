using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using CostAttribution.ClickHouse.Adjustments;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.Domain.Adjustments;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Ingest.Posting;

namespace CostAttribution.Ingest.Adjustments;

/// <summary>
/// Lines of a settlement as ledger entries. Their ids follow from the term, the period and the group alone: the same settlement
/// made twice, also by two nodes, is the same entries.
/// </summary>
internal static class AdjustmentEntries
{
    /// <summary>
    /// Traces that the lines of one period of a term are shared out among, so that none is too large to be posted.
    /// </summary>
    private const int TracesPerPeriod = 256;

    private const long MicrosPerDay = 86_400_000_000;

    public static IReadOnlyDictionary<TraceId, LedgerEntry[]> Of(PeriodTerm term, TermSpan span, TermSettlement settlement,
        RateBook book)
    {
        var (kind, period) = (UsageSums.KindText(term.Kind), span.ToString());
        LedgerEntry[] entries = [.. settlement.Lines.Select(line => Entry(term.Id, kind, period, line, book.Version))];
        if (entries.DistinctBy(entry => (entry.TraceId, entry.SpanId)).Count() != entries.Length)
            throw new InvalidDataException($"two groups of term '{term.Id}' have the same id");
        return entries.GroupBy(entry => entry.TraceId).ToDictionary(trace => trace.Key, trace => trace.ToArray());
    }

    /// <summary>
    /// The rows that make what stands of some traces what is wanted. Entries that say the same keep their book.
    /// </summary>
    public static List<LedgerEntry> Difference(LedgerHistory history, IEnumerable<TraceId> traces,
        IReadOnlyDictionary<TraceId, LedgerEntry[]> wanted)
    {
        var (standing, surplus, stray) = (history.Standing.ToLookup(entry => entry.TraceId),
            history.Surplus.ToLookup(entry => entry.TraceId), history.StrayReversals.ToLookup(entry => entry.TraceId));
        var revisions = history.RevisionMax.ToLookup(pair => pair.Key.TraceId);
        var rows = new List<LedgerEntry>();
        foreach (var trace in traces.Order())
        {
            var stands = new StandingTrace { Surplus = [.. surplus[trace]], StrayReversals = [.. stray[trace]] };
            foreach (var entry in standing[trace]) stands.Entries[(entry.SpanId, entry.CostItem)] = entry;
            foreach (var (key, revision) in revisions[trace]) stands.Revisions[(key.SpanId, key.CostItem)] = revision;
            var entries = wanted.GetValueOrDefault(trace, []).Select(LedgerContent.Copy).ToArray();
            foreach (var entry in entries)
            {
                if (!stands.Entries.TryGetValue((entry.SpanId, entry.CostItem), out var old)) continue;
                var version = entry.RateBookVersion;
                entry.RateBookVersion = old.RateBookVersion;
                if (!LedgerContent.Equal(old, entry)) entry.RateBookVersion = version;
            }
            LedgerDifference.Append(stands, entries, PostingReason.First, PostingReason.Settlement, rows);
        }
        return rows;
    }

    private static LedgerEntry Entry(string term, string kind, string period, AdjustmentLine line, long bookVersion)
    {
        var group = line.Group;
        var hash = HashOf(term, period, group);
        var trace = TraceOf(term, period, (int)(hash % TracesPerPeriod));
        var entry = new LedgerEntry
        {
            CostKind = CostKind.Adjustment, CostItem = term, EventTimeMicros = group.SlotMicros,
            AccountingDay = checked((ushort)(group.SlotMicros / MicrosPerDay)), TraceId = trace,
            SpanId = new SpanId(Math.Max(1, hash)), RunId = trace.ToString(), Step = period, Operation = kind,
            Provider = group.Provider, Seller = group.Seller, Model = group.Model, Region = group.Region,
            ProviderAccount = group.ProviderAccount, ProviderProject = group.ProviderProject,
            ProviderKey = group.ProviderKey, CustomerId = group.Customer, FeatureId = group.Feature,
            Product = group.Product, Team = group.Team, Environment = group.Environment,
            Plan = group.Plan, Audience = group.Audience, Dimensions = group.Dimensions, RateBookVersion = bookVersion,
            CustomerEvidence = group.Customer.Length == 0 ? Evidence.None : Evidence.Rule,
            FeatureEvidence = group.Feature.Length == 0 ? Evidence.None : Evidence.Rule,
        };
        entry.Cost = new CostBreakdown { OtherCost = line.Amount, Status = PriceStatus.Priced, RateId = term };
        return entry;
    }

    private static TraceId TraceOf(string term, string period, int part)
    {
        var hash = new XxHash128();
        Append(hash, "adjustment", term, period);
        Append(hash, part);
        var id = hash.GetCurrentHashAsUInt128();
        return new TraceId((ulong)(id >> 64), Math.Max(1, (ulong)id));
    }

    private static ulong HashOf(string term, string period, AdjustmentGroup group)
    {
        var hash = new XxHash3();
        Append(hash, term, period);
        Append(hash, group.SlotMicros);
        Append(hash, group.Parts);
        foreach (var (name, value) in group.Dimensions) Append(hash, name, value);
        return hash.GetCurrentHashAsUInt64();
    }

    // With their lengths, so that no two lists of texts have the same bytes.
    private static void Append(NonCryptographicHashAlgorithm hash, params ReadOnlySpan<string> texts)
    {
        foreach (var text in texts)
        {
            Append(hash, text.Length);
            hash.Append(Encoding.UTF8.GetBytes(text));
        }
    }

    private static void Append(NonCryptographicHashAlgorithm hash, long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        hash.Append(bytes);
    }
}
