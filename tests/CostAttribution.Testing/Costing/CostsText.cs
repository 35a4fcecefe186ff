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
        foreach (var span in costs.Spans) text.AppendLine(Of(span));
        text.AppendLine(Of(costs.Segment));
        Add(text, "relevant", costs.CostRelevant, "explicit", costs.ExplicitRunId);
        text.AppendLine();
        text.AppendJoin(' ', costs.OpenSessions.Order(StringComparer.Ordinal)).AppendLine();
        text.AppendJoin(' ', costs.OpenLinks.Select(link => $"{link.TraceId}:{link.SpanId}").Order(
            StringComparer.Ordinal)).AppendLine();
        text.AppendJoin(' ', costs.SessionValues).AppendLine();
        return text.ToString();
    }

    public static string Of(LedgerEntry entry)
    {
        ref var cost = ref entry.Cost;
        var text = new StringBuilder();
        Add(text, "span", entry.SpanId, "parent", entry.ParentSpanId, "at", entry.EventTimeMicros, "day", entry.AccountingDay);
        Add(text, "run", entry.RunId, "workflow", entry.Workflow, "step", entry.Step, "agent", entry.Agent, "attempt",
            entry.Attempt);
        Add(text, "status", entry.CallStatus, "op", entry.Operation, "provider", entry.Provider, "model", entry.Model);
        Add(text, "asked", entry.RequestModel, "tier", entry.ServiceTier, "region", entry.Region);
        Add(text, "customer", $"{entry.CustomerId}/{entry.CustomerEvidence}", "feature",
            $"{entry.FeatureId}/{entry.FeatureEvidence}");
        Add(text, "product", entry.Product, "team", entry.Team, "env", entry.Environment, "user", entry.UserId);
        Add(text, "session", entry.SessionId, "plan", entry.Plan, "audience", entry.Audience, "more",
            string.Join(',', entry.Dimensions));
        text.Append(Of(entry.Usage)).Append(' ');
        Add(text, "calls", $"{entry.Calls}/{entry.FailedCalls}", "price", cost.Status, "cost", cost.Cost, "list", cost.ListCost);
        Add(text, "rate", cost.RateId, "reported", entry.ProviderReportedCost, "retry", entry.RetryCost);
        Add(text, "ownership", entry.Ownership, "flags", Flags(entry.Flags));
        return text.ToString();
    }

    public static string Of(in UsageVector usage) =>
        $"in={usage.InputTokens} cr={usage.CacheReadTokens} cw={usage.CacheWriteTokens} cw1={usage.CacheWrite1hTokens} "
        + $"out={usage.OutputTokens} reason={usage.ReasoningTokens} "
        + $"units={string.Join(',', (usage.OtherUnits ?? []).Select(unit => $"{unit.Unit}:{unit.Quantity}"))}";

    private static string Of(SpanOutcome span)
    {
        var text = new StringBuilder();
        Add(text, "span", span.SpanId, "role", span.Role, "ownership", span.Ownership, "of", span.SupersededBy, "dialect",
            span.Dialect);
        Add(text, "flags", Flags(span.Flags), "reported", Of(span.Reported), "excess", Of(span.Excess));
        Add(text, "customer", $"{span.CustomerId}/{span.CustomerEvidence}", "feature",
            $"{span.FeatureId}/{span.FeatureEvidence}");
        return text.ToString();
    }

    private static string Of(RunSegment run)
    {
        var text = new StringBuilder();
        Add(text, "run", run.RunId, "from", run.StartedAtMicros, "to", run.EndedAtMicros, "workflow", run.Workflow, "agent",
            run.Agent);
        Add(text, "customer", run.CustomerId, "mixed", run.MixedCustomers, "feature", run.FeatureId, "env", run.Environment);
        Add(text, "product", run.Product, "team", run.Team, "plan", run.Plan, "status", run.Status, "steps", run.Steps);
        Add(text, "attempts", run.Attempts, "retries", run.Retries, "calls", run.Calls, "failed", run.FailedCalls, "cost",
            run.Cost);
        Add(text, "list", run.ListCost, "retry", run.RetryCost, "unpriced", run.UnpricedCalls, "missing", run.UsageMissingCalls);
        Add(text, "in", run.InputTokens, "cr", run.CacheReadTokens, "cw", run.CacheWriteTokens, "cw1", run.CacheWrite1hTokens);
        Add(text, "out", run.OutputTokens, "reason", run.ReasoningTokens);
        return text.ToString();
    }

    private static void Add(StringBuilder text, params object?[] namesAndValues)
    {
        for (var i = 0; i < namesAndValues.Length; i += 2)
            text.Append(CultureInfo.InvariantCulture, $"{namesAndValues[i]}={namesAndValues[i + 1]} ");
    }

    private static string Flags(SpanFlags flags) => string.Join(',', SpanFlagNames.ToNames(flags));
}
