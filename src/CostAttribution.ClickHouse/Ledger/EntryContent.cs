using System.Buffers;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using CostAttribution.Domain.Ledger;

namespace CostAttribution.ClickHouse.Ledger;

/// <summary>
/// What a reversal must have in common with the entry it negates, as a hash: every column but those that say how and when the
/// row was posted. Kept in memory only.
/// </summary>
internal static class EntryContent
{
    public static UInt128 HashOf(LedgerEntry entry)
    {
        var text = new StringBuilder(512);
        string[] names =
        [
            entry.CostItem, entry.RunId, entry.Workflow, entry.Step, entry.Agent, entry.Operation, entry.Provider, entry.Model,
            entry.RequestModel, entry.ServiceTier, entry.Region, entry.Seller, entry.ProviderAccount, entry.ProviderProject,
            entry.ProviderKey, entry.Geography, entry.Endpoint, entry.Speed,
            entry.CustomerId, entry.FeatureId, entry.Product, entry.Team,
            entry.Environment, entry.UserId, entry.SessionId, entry.Plan, entry.Audience, entry.Cost.RateId ?? "",
            entry.Cost.UnpricedUnit ?? "",
        ];
        foreach (var name in names) Add(text, name);
        foreach (var (name, value) in entry.Dimensions)
        {
            Add(text, name);
            Add(text, value);
        }
        var usage = entry.Usage;
        foreach (var (unit, quantity) in usage.OtherUnits ?? [])
        {
            Add(text, unit);
            Add(text, quantity);
        }
        Int128[] numbers =
        [
            entry.Revision, (byte)entry.CostKind, entry.EventTimeMicros, entry.AccountingDay, entry.ParentSpanId.Value,
            entry.Attempt, (byte)entry.CallStatus, (byte)entry.CustomerEvidence, (byte)entry.FeatureEvidence,
            usage.InputTokens, usage.CacheReadTokens, usage.CacheWriteTokens, usage.CacheWrite1hTokens, usage.OutputTokens,
            usage.ReasoningTokens, entry.Calls, entry.FailedCalls, entry.Cost.InputCost.PicoUsd, entry.Cost.CacheReadCost.PicoUsd,
            entry.Cost.CacheWriteCost.PicoUsd, entry.Cost.OutputCost.PicoUsd, entry.Cost.ReasoningCost.PicoUsd,
            entry.Cost.OtherCost.PicoUsd, entry.Cost.ListCost.PicoUsd, entry.RetryCost.PicoUsd,
            entry.ProviderReportedCost?.PicoUsd ?? Int128.MinValue, (byte)entry.Cost.Status, entry.RateBookVersion,
            entry.AttributionVersion, (byte)entry.Ownership, (ulong)entry.Flags,
        ];
        foreach (var number in numbers) Add(text, number);
        var bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        try
        {
            return XxHash128.HashToUInt128(bytes.AsSpan(0, Encoding.UTF8.GetBytes(text.ToString(), bytes)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    // The length before each keeps neighbours apart.
    private static void Add(StringBuilder text, string value) =>
        text.Append(CultureInfo.InvariantCulture, $"{value.Length}:").Append(value);

    private static void Add(StringBuilder text, Int128 number) => text.Append(CultureInfo.InvariantCulture, $"{number},");
}
