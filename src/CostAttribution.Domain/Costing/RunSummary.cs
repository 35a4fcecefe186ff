using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Tracing;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Domain.Costing;

/// <summary>Adds a trace's entries up to its part of a run.</summary>
internal sealed class RunSummary
{
    private RunSegment segment = new();
    private int callsOutsideSteps;

    public void Begin(TraceSpans trace, TraceTree tree, SpanFacts[] facts, TraceContext context, string runId, TraceCosts result)
    {
        callsOutsideSteps = 0;
        ulong started = ulong.MaxValue, ended = 0;
        for (var node = 0; node < tree.Count; node++)
        {
            started = Math.Min(started, facts[node].Start);
            ended = Math.Max(ended, facts[node].End);
        }
        segment = result.Segment;
        segment.RunId = runId;
        segment.TraceId = trace.TraceId;
        segment.StartedAtMicros = tree.Count == 0 ? 0 : (long)(started / 1000);
        segment.EndedAtMicros = (long)(ended / 1000);
        segment.Status = StatusOf(tree, facts, context);
    }

    /// <param name="inStep">Whether a step or tool around the call already counts as the step.</param>
    public void AddCall(LedgerEntry entry, bool inStep)
    {
        segment.Attempts++;
        if (entry.Attempt > 1) segment.Retries++;
        else if (!inStep) callsOutsideSteps++;
        if ((entry.Flags & SpanFlags.UsageMissing) != 0) segment.UsageMissingCalls++;
        AddContainer(entry);
    }

    public void AddContainer(LedgerEntry entry)
    {
        ref var usage = ref entry.Usage;
        ref var cost = ref entry.Cost;
        segment.Calls += entry.Calls;
        segment.FailedCalls += entry.FailedCalls;
        segment.InputTokens += usage.InputTokens;
        segment.CacheReadTokens += usage.CacheReadTokens;
        segment.CacheWriteTokens += usage.CacheWriteTokens;
        segment.CacheWrite1hTokens += usage.CacheWrite1hTokens;
        segment.OutputTokens += usage.OutputTokens;
        segment.ReasoningTokens += usage.ReasoningTokens;
        segment.Cost = Sum(segment.Cost, cost.Cost);
        segment.ListCost = Sum(segment.ListCost, cost.ListCost);
        segment.RetryCost = Sum(segment.RetryCost, entry.RetryCost);
        if (cost.Status is PriceStatus.UnpricedModel or PriceStatus.UnpricedUnit) segment.UnpricedCalls += entry.Calls;
    }

    public void Finish(TraceTree tree, SpanFacts[] facts, IReadOnlyList<LedgerEntry> entries)
    {
        for (var node = 0; node < tree.Count; node++)
        {
            if (facts[node].IsStep) segment.Steps++;
        }
        segment.Steps += callsOutsideSteps;
        segment.TakeOwners(entries);
    }

    // Only absurd rate cards get here; a summary must not stop the trace they are on.
    private static Money Sum(Money left, Money right) =>
        left.PicoUsd > Money.PicoUsdMax - right.PicoUsd ? new Money(Money.PicoUsdMax) : left + right;

    private static RunStatus StatusOf(TraceTree tree, SpanFacts[] facts, TraceContext context)
    {
        if (!context.Final && !context.Incomplete) return RunStatus.Open;
        if (context.Incomplete || tree.Root < 0 || tree.HasOrphans) return RunStatus.Incomplete;
        return facts[tree.Root].Failed ? RunStatus.Failed : RunStatus.Completed;
    }
}
