namespace CostAttribution.Workload;

/// <summary>
/// A small seeded generator (SplitMix64): the same seed gives the same workload on every runtime and version, which
/// <see cref="Random"/> does not promise.
/// </summary>
internal sealed class WorkloadRandom(ulong seed)
{
    private ulong _state = seed;

    public ulong NextId()
    {
        while (true)
        {
            var id = Next();
            if (id != 0) return id;
        }
    }

    public ulong Next()
    {
        var z = _state += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }

    /// <summary>From <paramref name="low"/> to <paramref name="high"/>, both included.</summary>
    public int Between(int low, int high) => low + (int)(Next() % (ulong)(high - low + 1));

    public long Between(long low, long high) => low + (long)(Next() % (ulong)(high - low + 1));

    /// <summary>True in <paramref name="perMille"/> of a thousand cases.</summary>
    public bool Chance(int perMille) => Next() % 1000 < (ulong)perMille;

    public T Pick<T>(IReadOnlyList<T> choices) => choices[(int)(Next() % (ulong)choices.Count)];

    /// <summary>An index, with the odds given by the weights.</summary>
    public int PickWeighted(ReadOnlySpan<int> weights)
    {
        var total = 0;
        foreach (var weight in weights) total += weight;
        var draw = Between(0, total - 1);
        for (var i = 0; i < weights.Length; i++)
        {
            if (draw < weights[i]) return i;
            draw -= weights[i];
        }
        return weights.Length - 1;
    }

    public string Hex(int bytes)
    {
        Span<byte> buffer = stackalloc byte[32];
        for (var i = 0; i < bytes; i++) buffer[i] = (byte)(Next() >> 56);
        return Convert.ToHexStringLower(buffer[..bytes]);
    }
}
