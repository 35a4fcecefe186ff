namespace CostAttribution.Simulation.Running;

/// <summary>A seeded generator (SplitMix64): the same seed gives the same run on every machine.</summary>
public sealed class Dice(ulong seed)
{
    private ulong state = seed;

    /// <summary>Another generator that draws from this one once, so that more draws on one side leave the other as it was.</summary>
    public Dice Fork() => new(Next());

    public ulong Next()
    {
        var z = state += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }

    /// <summary>An id, never zero.</summary>
    public ulong Id() => Next() | 1;

    /// <summary>From <paramref name="low"/> to <paramref name="high"/>, both included.</summary>
    public int Between(int low, int high) => low + (int)(Next() % (ulong)(high - low + 1));

    public long Between(long low, long high) => low + (long)(Next() % (ulong)(high - low + 1));

    public TimeSpan Between(TimeSpan low, TimeSpan high) => TimeSpan.FromTicks(Between(low.Ticks, high.Ticks));

    /// <summary>True in <paramref name="perMille"/> of a thousand cases.</summary>
    public bool Chance(int perMille) => Next() % 1000 < (ulong)perMille;

    public T Pick<T>(IReadOnlyList<T> choices) => choices[(int)(Next() % (ulong)choices.Count)];

    public void Shuffle<T>(IList<T> items)
    {
        for (var i = items.Count - 1; i > 0; i--)
        {
            var j = Between(0, i);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }
}
