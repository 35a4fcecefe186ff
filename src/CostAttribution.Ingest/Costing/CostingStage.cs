using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Pricing;
using CostAttribution.Ingest.Assembly;

namespace CostAttribution.Ingest.Costing;

/// <summary>
/// Costs one trace with everything known outside it. The rate book and the attribution table are snapshots that the control
/// plane replaces; a trace sees one of each from start to end. Not thread-safe: belongs to one assembler.
/// </summary>
internal sealed class CostingStage(CostingSnapshots snapshots, int topicsMax)
{
    private readonly TraceCosting costing = new();
    private readonly TraceCosts costs = new();

    public OutsideKnowledge Outside { get; } = new(topicsMax);

    /// <summary>
    /// The costs of <paramref name="trace"/> as it stands now; valid until the next call. When the first pass leaves questions
    /// that other traces can answer, costs it once more with the answers.
    /// </summary>
    public TraceCosts Cost(OpenTrace trace, bool final, bool incomplete)
    {
        var (rates, attribution) = snapshots.Current;
        var context = trace.Context with { Final = final, Incomplete = incomplete };
        Run(trace, context, rates, attribution);
        if (costs.OpenSessions.Count > 0 || costs.OpenLinks.Count > 0 || costs.ExplicitRunId.Length > 0)
        {
            var informed = Outside.Answer(trace.Id, context, costs);
            if (!ReferenceEquals(informed, context)) Run(trace, context = informed, rates, attribution);
        }
        trace.Context = context;
        return costs;
    }

    /// <summary>Makes known what the trace last costed knows; names the traces that should be costed again.</summary>
    public void Publish(TraceId trace, ICollection<TraceId> concerned) => Outside.Publish(trace, costs, concerned);

    private void Run(OpenTrace trace, TraceContext context, RateBook rates, AttributionTable attribution) =>
        costing.Cost(trace.Spans, context, rates, attribution, costs);
}
