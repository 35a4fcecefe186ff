using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.Domain.Costing;

/// <summary>One trace's part in a workflow run: absolute values as of its latest costing.</summary>
public sealed class RunSegment
{
    public string RunId { get; set; } = "";
    public TraceId TraceId { get; set; }

    /// <summary>Earliest start and latest end in the trace, microseconds since the Unix epoch, UTC.</summary>
    public long StartedAtMicros { get; set; }
    public long EndedAtMicros { get; set; }
    public string Workflow { get; set; } = "";
    public string Agent { get; set; } = "";

    /// <summary>The run's one customer; empty when none or several.</summary>
    public string CustomerId { get; set; } = "";
    public string FeatureId { get; set; } = "";
    public string Environment { get; set; } = "";
    public string Product { get; set; } = "";
    public string Team { get; set; } = "";
    public string Plan { get; set; } = "";
    public RunStatus Status { get; set; }
    public bool MixedCustomers { get; set; }

    /// <summary>Distinct steps: agent steps, tool calls and elected calls outside them.</summary>
    public int Steps { get; set; }

    /// <summary>Provider attempts seen, failed ones included.</summary>
    public int Attempts { get; set; }

    /// <summary>Attempts after the first of the same call.</summary>
    public int Retries { get; set; }
    public long Calls { get; set; }
    public long FailedCalls { get; set; }
    public long InputTokens { get; set; }
    public long CacheReadTokens { get; set; }
    public long CacheWriteTokens { get; set; }
    public long CacheWrite1hTokens { get; set; }
    public long OutputTokens { get; set; }
    public long ReasoningTokens { get; set; }
    public Money Cost { get; set; }
    public Money ListCost { get; set; }
    public Money RetryCost { get; set; }
    public long UnpricedCalls { get; set; }
    public long UsageMissingCalls { get; set; }

    /// <summary>Whose the run is, from the entries that are to stand.</summary>
    public void TakeOwners(IReadOnlyList<LedgerEntry> entries)
    {
        Agreed workflow = default, agent = default, customer = default, feature = default, environment = default;
        Agreed product = default, team = default, plan = default;
        foreach (var entry in entries)
        {
            workflow.Add(entry.Workflow);
            agent.Add(entry.Agent);
            customer.Add(entry.CustomerId);
            feature.Add(entry.FeatureId);
            environment.Add(entry.Environment);
            product.Add(entry.Product);
            team.Add(entry.Team);
            plan.Add(entry.Plan);
        }
        (Workflow, Agent, CustomerId, MixedCustomers) = (workflow.Value, agent.Value, customer.Value, customer.Several);
        (FeatureId, Environment, Product) = (feature.Value, environment.Value, product.Value);
        (Team, Plan) = (team.Value, plan.Value);
    }
}
