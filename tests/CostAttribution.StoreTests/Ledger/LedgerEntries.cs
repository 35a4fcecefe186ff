using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;

namespace CostAttribution.StoreTests;

/// <summary>Ledger entries with every field set, different per number.</summary>
internal static class LedgerEntries
{
    public const long BaseMicros = 1_795_000_000_000_000;

    public static LedgerEntry Create(int number, Action<LedgerEntry>? change = null)
    {
        var entry = new LedgerEntry
        {
            EntryId = new UInt128(0xe0, (ulong)number + 1),
            Reason = PostingReason.First,
            PostingId = "node-1",
            PostedAtMillis = BaseMicros / 1000 + 5_000,
            CostItem = "",
            EventTimeMicros = BaseMicros + number * 1_000L,
            AccountingDay = (ushort)(BaseMicros / 86_400_000_000),
            TraceId = new TraceId(0xaaaa, (ulong)(number / 4) + 1),
            SpanId = new SpanId((ulong)number + 1),
            ParentSpanId = number % 2 == 0 ? default : new SpanId(77),
            RunId = $"run-{number / 4}",
            Workflow = "support",
            Step = $"step-{number % 3}",
            Agent = "triage",
            Attempt = (ushort)(1 + number % 3),
            CallStatus = (CallStatus)(number % 4),
            Operation = "chat",
            Provider = "openai",
            Model = $"gpt-{number % 5}",
            RequestModel = "gpt",
            ServiceTier = "default",
            Region = "eu",
            Seller = number % 3 == 0 ? "openrouter" : "",
            ProviderProject = "proj-1",
            ProviderKey = "key-1",
            ProviderAccount = "account-1",
            Geography = "us",
            Endpoint = "regional",
            Speed = "fast",
            CustomerId = $"c-{number % 7}",
            FeatureId = $"f-{number % 3}",
            Product = "desk",
            Team = "core",
            Environment = "prod",
            UserId = $"u-{number}",
            SessionId = $"s-{number}",
            Plan = "pro",
            Audience = "external",
            Dimensions = number % 2 == 0 ? [] : [new("region", "eu"), new("tier", "gold")],
            CustomerEvidence = (Evidence)(number % 8),
            FeatureEvidence = (Evidence)((number + 3) % 8),
            Calls = 1,
            FailedCalls = 0,
            ProviderReportedCost = number % 3 == 0 ? new Money(123 + number) : null,
            RetryCost = new Money(number % 2 == 0 ? 0 : 10),
            RateBookVersion = 12 + number,
            AttributionVersion = 3,
            Ownership = number % 2 == 0 ? Ownership.Owner : Ownership.AggregateFallback,
            Flags = number % 2 == 0 ? SpanFlags.None : SpanFlags.Orphan | SpanFlags.ClockSkew | SpanFlags.TraceOverLimit,
        };
        entry.Usage = new UsageVector
        {
            InputTokens = 100 + number,
            CacheReadTokens = 20,
            CacheWriteTokens = 3,
            CacheWrite1hTokens = 4,
            OutputTokens = 50,
            ReasoningTokens = 6,
            OtherUnits = number % 2 == 0 ? null
                : [new UnitQuantity(UsageUnits.Pages, 2), new UnitQuantity(UsageUnits.WebSearches, number)],
        };
        entry.Cost = new CostBreakdown
        {
            InputCost = new Money(1_000_000_000_001 + number),
            CacheReadCost = new Money(2),
            CacheWriteCost = new Money(3),
            OutputCost = new Money(4),
            ReasoningCost = new Money(5),
            OtherCost = new Money(6),
            ListCost = new Money(2_000_000_000_000),
            Status = number % 5 == 0 ? PriceStatus.UnpricedUnit : PriceStatus.Priced,
            RateId = $"rate-{number % 2}",
            UnpricedUnit = number % 5 == 0 ? UsageUnits.InputTokens : null,
        };
        change?.Invoke(entry);
        return entry;
    }

    /// <summary>The row that takes <paramref name="entry"/> back.</summary>
    public static LedgerEntry Reverse(LedgerEntry entry, int number) => Create(number, reversal =>
    {
        reversal.EntryId = entry.EntryId + 1_000_000;
        reversal.Corrects = entry.EntryId;
        reversal.EntryKind = EntryKind.Reversal;
        reversal.Sign = -1;
        reversal.Reason = PostingReason.LateSpan;
        reversal.PostingId = "node-2";
        reversal.Revision = entry.Revision;
    });

    /// <summary>Every field as text, for comparison.</summary>
    public static string Describe(LedgerEntry entry)
    {
        var plain = typeof(LedgerEntry).GetProperties()
            .Where(property => !property.PropertyType.IsByRef)
            .OrderBy(property => property.Name, StringComparer.Ordinal)
            .Select(property => property.GetValue(entry) is KeyValuePair<string, string>[] pairs
                ? $"{property.Name}={string.Join(";", pairs)}"
                : $"{property.Name}={property.GetValue(entry)}");
        var usage = entry.Usage;
        var cost = entry.Cost;
        return string.Join('\n', plain
            .Concat(typeof(UsageVector).GetFields().Select(field => field.GetValue(usage) is UnitQuantity[] units
                ? $"{field.Name}={string.Join(";", units)}"
                : $"{field.Name}={field.GetValue(usage)}"))
            .Concat(typeof(CostBreakdown).GetFields().Select(field => $"{field.Name}={field.GetValue(cost)}")));
    }
}
