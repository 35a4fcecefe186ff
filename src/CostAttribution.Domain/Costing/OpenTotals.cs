namespace CostAttribution.Domain.Costing;

/// <summary>
/// Totals of one series that nothing has continued yet, while they are gone through in the order of time. Agents of one name may
/// take turns, and each total is continued once: by the next that is no smaller in any kind and has no greater one to
/// continue. So the sum of what is added is never more than what the agents used, however many there were.
/// </summary>
internal sealed class OpenTotals
{
    /// <summary>Totals that wait to be continued; of more the smallest is taken for an agent that is gone.</summary>
    private const int Max = 64;

    private readonly List<(RunningTotal Total, int Place)> open = [];

    public void Clear() => open.Clear();

    public void Add(in RunningTotal total, int place)
    {
        if (open.Count >= Max)
        {
            var least = 0;
            for (var i = 1; i < open.Count; i++)
            {
                if (open[i].Total.Sum < open[least].Total.Sum) least = i;
            }
            open.RemoveAt(least);
        }
        open.Add((total, place));
    }

    /// <summary>Place of the total that this one continues, which then is no longer open; −1 when it starts at nothing.</summary>
    public int Continue(in RunningTotal total)
    {
        var best = -1;
        for (var i = 0; i < open.Count; i++)
        {
            if (!total.Continues(open[i].Total)) continue;
            if (best < 0 || open[i].Total.Sum >= open[best].Total.Sum) best = i;
        }
        if (best < 0) return -1;
        var place = open[best].Place;
        open.RemoveAt(best);
        return place;
    }
}
