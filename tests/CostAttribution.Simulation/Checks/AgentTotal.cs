using System.Globalization;
using CostAttribution.Simulation.World;

namespace CostAttribution.Simulation.Checks;

/// <summary>What an agent had used by the end of an invocation, as the world has it.</summary>
/// <param name="Trace">Who reports.</param>
/// <param name="Span">By which span.</param>
/// <param name="Series">Whose totals they are.</param>
/// <param name="End">Nanoseconds since the Unix epoch.</param>
/// <param name="Input">Tokens.</param>
/// <param name="Output">Tokens.</param>
/// <param name="HasCalls">Whether calls below show their own usage, so that the total is billed nowhere.</param>
internal sealed record AgentTotal(WorldTrace Trace, ulong Span, (string Service, string Agent, string Session) Series, ulong End,
    long Input, long Output, bool HasCalls)
{
    /// <summary>
    /// Each total of a series and the one it continues: of those before it that none has continued yet and that are no greater in
    /// anything, the greatest. A trace continues others with its first and is continued from its last.
    /// </summary>
    public static IEnumerable<(AgentTotal Total, AgentTotal? Before)> Continued(IEnumerable<AgentTotal> series)
    {
        var left = new List<AgentTotal>();
        foreach (var own in series.GroupBy(total => total.Trace).OrderBy(own => own.Max(total => total.End))
            .ThenBy(own => own.Key.Number))
        {
            var (here, first) = (new List<AgentTotal>(), true);
            foreach (var total in own.OrderBy(total => total.End).ThenBy(total => total.Span))
            {
                var candidates = first ? left : here;
                var before = candidates.Where(other => other.Input <= total.Input && other.Output <= total.Output)
                    .OrderByDescending(other => other.Input + other.Output).ThenByDescending(candidates.IndexOf).FirstOrDefault();
                if (before is not null) candidates.Remove(before);
                here.Add(total);
                first = false;
                yield return (total, before);
            }
            left.Add(own.OrderBy(total => total.End).ThenBy(total => total.Span).Last());
        }
    }

    /// <summary>What the product is to have heard of a trace with these.</summary>
    public static string WordOf(IEnumerable<AgentTotal> own)
    {
        AgentTotal[] ordered = [.. own.OrderBy(total => total.End).ThenBy(total => total.Span)];
        var (first, last) = (ordered[0].Text, ordered[^1].Text);
        var asks = ordered.Any(total => !total.HasCalls) ? '?' : '.';
        return string.Create(CultureInfo.InvariantCulture, $"{ordered[^1].End:D20} {asks} {last}{(first == last ? "" : " " + first)}");
    }

    private string Text => string.Create(CultureInfo.InvariantCulture, $"{Input} 0 0 0 {Output} 0");
}
