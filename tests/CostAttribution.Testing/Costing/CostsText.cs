using System.Globalization;
using System.Text;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Testing.Costing;

/// <summary>Writes a costing result out in full, apart from positions, so that two results can be compared.</summary>
public static class CostsText
{
    public static string Of(TraceCosts costs)
    {
        var text = new StringBuilder();
        foreach (var entry in costs.Entries) text.AppendLine(Of(entry));
        foreach (var span in costs.Spans)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{span.SpanId} {span.Role} {span.Ownership} of={span.SupersededBy} {span.Dialect} [{Flags(span.Flags)}] "
                + $"reported={Of(span.Reported)} excess={Of(span.Excess)} {span.CustomerId}/{span.CustomerEvidence} {span.FeatureId}/{span.FeatureEvidence}");
        }
        var segment = costs.Segment;
        text.AppendLine(CultureInfo.InvariantCulture, $"run {segment.RunId} {segment.StartedAtMicros}..{segment.EndedAtMicros} {segment.Workflow} {segment.Agent} "
            + $"{segment.CustomerId} {segment.Status} mixed={segment.MixedCustomers} steps={segment.Steps} attempts={segment.Attempts} retries={segment.Retries} "
            + $"calls={segment.Calls}/{segment.FailedCalls} cost={segment.Cost} unpriced={segment.UnpricedCalls} missing={segment.UsageMissingCalls} "
            + $"tokens={segment.InputTokens},{segment.CacheReadTokens},{segment.CacheWriteTokens},{segment.CacheWrite1hTokens},{segment.OutputTokens},{segment.ReasoningTokens}");
        text.AppendLine(CultureInfo.InvariantCulture, $"relevant={costs.CostRelevant} explicit={costs.ExplicitRunId}");
        text.AppendJoin(' ', costs.OpenSessions.Order(StringComparer.Ordinal)).AppendLine();
        text.AppendJoin(' ', costs.OpenLinks.Select(link => $"{link.TraceId}:{link.SpanId}").Order(StringComparer.Ordinal)).AppendLine();
        text.AppendJoin(' ', costs.SessionValues).AppendLine();
        text.AppendJoin(' ', costs.OwnedResponses).AppendLine();
        return text.ToString();
    }

    public static string Of(LedgerEntry entry)
    {
        ref var usage = ref entry.Usage;
        ref var cost = ref entry.Cost;
        return string.Create(CultureInfo.InvariantCulture, $"{entry.SpanId} <{entry.ParentSpanId}> {entry.EventTimeMicros} {entry.AccountingDay} {entry.RunId} wf={entry.Workflow} "
            + $"step={entry.Step} agent={entry.Agent} #{entry.Attempt} {entry.CallStatus} {entry.Operation} {entry.Provider} {entry.Model} ({entry.RequestModel}) "
            + $"{entry.ServiceTier} {entry.Region} customer={entry.CustomerId}/{entry.CustomerEvidence} feature={entry.FeatureId}/{entry.FeatureEvidence} {entry.Product} "
            + $"{entry.Team} {entry.Environment} {entry.UserId} {entry.SessionId} {entry.Plan} {entry.Audience} {string.Join(',', entry.Dimensions)} {Of(usage)} "
            + $"calls={entry.Calls}/{entry.FailedCalls} {cost.Status} {cost.Cost} list={cost.ListCost} rate={cost.RateId} reported={entry.ProviderReportedCost} "
            + $"retry={entry.RetryCost} {entry.Ownership} [{Flags(entry.Flags)}]");
    }

    public static string Of(in UsageVector usage) =>
        $"in={usage.InputTokens} cr={usage.CacheReadTokens} cw={usage.CacheWriteTokens} cw1={usage.CacheWrite1hTokens} out={usage.OutputTokens} "
        + $"reason={usage.ReasoningTokens} units={string.Join(',', (usage.OtherUnits ?? []).Select(unit => $"{unit.Unit}:{unit.Quantity}"))}";

    private static string Flags(SpanFlags flags) => string.Join(',', SpanFlagNames.ToNames(flags));
}
