using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Tracing;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Domain.Costing;

/// <summary>Adds a trace's entries up to its part of a run.</summary>
internal sealed class RunSummary
{
    /// <summary>A value that all entries with one agree on.</summary>
    private struct Agreed
    {
        private string? value;
        public bool Several { get; private set; }
        public readonly string Value => Several ? "" : value ?? "";

        public void Add(string candidate)
        {
            if (candidate.Length == 0) return;
            if (value is null) value = candidate;
            else Several |= value != candidate;
        }
    }

    private RunSegment segment = new();
    private Agreed workflow, agent, customer, feature, environment, product, team, plan;
    private int callsOutsideSteps;

    public void Begin(TraceSpans trace, TraceTree tree, SpanFacts[] facts, TraceContext context, string runId, TraceCosts result)
    {
        workflow = agent = customer = feature = environment = product = team = plan = default;
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
        workflow.Add(entry.Workflow);
        agent.Add(entry.Agent);
        customer.Add(entry.CustomerId);
        feature.Add(entry.FeatureId);
        environment.Add(entry.Environment);
        product.Add(entry.Product);
        team.Add(entry.Team);
        plan.Add(entry.Plan);
    }

    public void Finish(TraceTree tree, SpanFacts[] facts)
    {
        for (var node = 0; node < tree.Count; node++)
        {
            if (facts[node].IsStep) segment.Steps++;
        }
        segment.Steps += callsOutsideSteps;
        segment.Workflow = workflow.Value;
        segment.Agent = agent.Value;
        segment.CustomerId = customer.Value;
        segment.MixedCustomers = customer.Several;
        segment.FeatureId = feature.Value;
        segment.Environment = environment.Value;
        segment.Product = product.Value;
        segment.Team = team.Value;
        segment.Plan = plan.Value;
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
