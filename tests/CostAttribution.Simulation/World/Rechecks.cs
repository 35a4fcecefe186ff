using CostAttribution.ClickHouse.Repricing;
using CostAttribution.Ingest.Assembly;
using CostAttribution.Ingest.Repricing;
using CostAttribution.Simulation.Node;
using CostAttribution.Simulation.Running;

namespace CostAttribution.Simulation.World;

/// <summary>
/// The part of an audit that traffic can meet: has traces looked at again, reporting or mending, whatever is happening to them at
/// that moment.
/// </summary>
internal sealed class Rechecks(SimulationPlan plan, Senders senders, Dice dice, EventLog log)
{
    private const int TracesMax = 4;
    private const int OftenPerMille = 150;

    /// <summary>Looks at some traces, unless a look is under way.</summary>
    public void Begin(SimulatedNode node)
    {
        if (!node.IsServing || node.IsRechecking || senders.Traces.Count == 0 || !dice.Chance(OftenPerMille)) return;
        var (dry, force) = (dice.Chance(600), dice.Chance(250));
        var picked = new HashSet<WorldTrace>();
        for (var count = dice.Between(1, TracesMax); count > 0; count--) picked.Add(Pick());
        if (plan.Reprices && dice.Chance(400))
        {
            var book = node.RatesInUse;
            if (log.IsOn) log.Say($"re-pricing: {string.Join(' ', picked.Select(trace => trace.Ordinal))} by {book.Version}");
            var all = new RowFilter(0, long.MaxValue);
            node.Recheck([.. picked.Select(trace => new TraceRecheck(trace.Id) { Prices = new PriceOrder(book, all) })]);
            return;
        }
        if (log.IsOn) log.Say($"audit: looks at {string.Join(' ', picked.Select(trace => trace.Ordinal))}{(dry ? ", dry" : "")}");
        node.Recheck([.. picked.Select(trace => new TraceRecheck(trace.Id) { DryRun = dry, Force = force })]);
    }

    // The young ones are those to which spans still come.
    private WorldTrace Pick() => dice.Chance(500) ? senders.Traces[^dice.Between(1, Math.Min(3, senders.Traces.Count))]
        : dice.Pick(senders.Traces);
}
