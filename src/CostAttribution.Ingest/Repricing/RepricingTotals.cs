using System.Globalization;
using CostAttribution.ClickHouse.Repricing;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.Ingest.Repricing;

/// <summary>What differs, summed up in bounded memory: beyond the limit, groups go to one of the rest.</summary>
internal sealed class RepricingTotals
{
    /// <summary>Groups told apart.</summary>
    public const int GroupsMax = 5_000;

    private const int GapsMax = 500;
    private const long MicrosPerDay = 86_400_000_000;

    private readonly Dictionary<(string Customer, string Provider, string Model, string Day), Sum> groups = [];
    private readonly Dictionary<(string Provider, string Model, string Unit), (long Calls, long Quantity)> gaps = [];

    /// <param name="report">What was summed up before.</param>
    public RepricingTotals(RepricingReport report)
    {
        (Rows, RowsChanged) = (report.Rows, report.RowsChanged);
        (Before, After) = (Money.Parse(report.CostBefore), Money.Parse(report.CostAfter));
        foreach (var group in report.Groups)
        {
            groups[(group.Customer, group.Provider, group.Model, group.Day)] =
                new Sum(group.Rows, group.Calls, Money.Parse(group.Before), Money.Parse(group.After));
        }
        foreach (var gap in report.Unpriced) gaps[(gap.Provider, gap.Model, gap.Unit)] = (gap.Calls, gap.Quantity);
    }

    public long Rows { get; private set; }
    public long RowsChanged { get; private set; }
    public Money Before { get; private set; }
    public Money After { get; private set; }

    /// <summary>Rows were looked at.</summary>
    public void Look(int rows) => Rows += rows;

    /// <summary>A row that costs the same.</summary>
    public void AddSame(LedgerEntry entry)
    {
        Before += entry.Cost.Cost;
        After += entry.Cost.Cost;
    }

    /// <summary>A row that costs something else.</summary>
    public void Add(LedgerEntry old, LedgerEntry priced)
    {
        RowsChanged++;
        Before += old.Cost.Cost;
        After += priced.Cost.Cost;
        var key = (old.CustomerId, old.Provider, old.Model, Day(old.EventTimeMicros));
        if (!groups.TryGetValue(key, out var sum) && groups.Count >= GroupsMax)
        {
            const string rest = RepricingReport.Rest;
            groups.TryGetValue(key = (rest, rest, rest, ""), out sum);
        }
        groups[key] = new Sum(sum.Rows + 1, sum.Calls + old.Calls, sum.Before + old.Cost.Cost, sum.After + priced.Cost.Cost);
        if (priced.Cost.Status is PriceStatus.UnpricedModel or PriceStatus.UnpricedUnit) AddGap(priced);
    }

    public RepricingReport Into(RepricingReport report) => report with
    {
        Rows = Rows, RowsChanged = RowsChanged, CostBefore = Before.ToString(), CostAfter = After.ToString(),
        Difference = (After - Before).ToString(),
        Groups = [.. groups.OrderBy(group => group.Key.Day, StringComparer.Ordinal)
            .ThenBy(group => group.Key.Customer, StringComparer.Ordinal)
            .ThenBy(group => group.Key.Provider, StringComparer.Ordinal)
            .ThenBy(group => group.Key.Model, StringComparer.Ordinal).Select(group => group.Value.Told(group.Key))],
        Unpriced = [.. gaps.OrderBy(gap => gap.Key.Provider, StringComparer.Ordinal)
            .ThenBy(gap => gap.Key.Model, StringComparer.Ordinal).ThenBy(gap => gap.Key.Unit, StringComparer.Ordinal)
            .Select(gap => new RepricingGap(gap.Key.Provider, gap.Key.Model, gap.Key.Unit, gap.Value.Calls, gap.Value.Quantity))],
    };

    private void AddGap(LedgerEntry priced)
    {
        var unit = priced.Cost.UnpricedUnit ?? "";
        var key = (priced.Provider, priced.Model, unit);
        if (!gaps.TryGetValue(key, out var gap) && gaps.Count >= GapsMax)
        {
            const string rest = RepricingReport.Rest;
            gaps.TryGetValue(key = (rest, rest, ""), out gap);
        }
        gaps[key] = (gap.Calls + priced.Calls, gap.Quantity + (unit.Length > 0 ? Of(priced, unit) : Tokens(priced)));
    }

    private static long Of(LedgerEntry entry, string unit) => unit switch
    {
        Domain.Usage.UsageUnits.InputTokens => entry.Usage.InputTokens,
        Domain.Usage.UsageUnits.CacheReadTokens => entry.Usage.CacheReadTokens,
        Domain.Usage.UsageUnits.CacheWriteTokens => entry.Usage.CacheWriteTokens,
        Domain.Usage.UsageUnits.CacheWrite1hTokens => entry.Usage.CacheWrite1hTokens,
        Domain.Usage.UsageUnits.OutputTokens => entry.Usage.OutputTokens,
        Domain.Usage.UsageUnits.ReasoningTokens => entry.Usage.ReasoningTokens,
        _ => (entry.Usage.OtherUnits ?? []).Where(other => other.Unit == unit).Sum(other => other.Quantity),
    };

    private static long Tokens(LedgerEntry entry) => entry.Usage.InputTokens + entry.Usage.CacheReadTokens
        + entry.Usage.CacheWriteTokens + entry.Usage.CacheWrite1hTokens + entry.Usage.OutputTokens + entry.Usage.ReasoningTokens;

    private static string Day(long micros) => DateTimeOffset.UnixEpoch.AddDays(micros / MicrosPerDay)
        .ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private readonly record struct Sum(long Rows, long Calls, Money Before, Money After)
    {
        public RepricingGroup Told((string Customer, string Provider, string Model, string Day) key) => new(key.Customer,
            key.Provider, key.Model, key.Day, Rows, Calls, Before.ToString(), After.ToString(), (After - Before).ToString());
    }
}
