namespace CostAttribution.Simulation.Store;

/// <summary>The deduplication tokens that a table remembers: the last few, as the engine's window does.</summary>
internal sealed class TokenWindow(int size)
{
    private readonly List<string> age = [];
    private readonly HashSet<string> known = new(StringComparer.Ordinal);

    public bool Contains(string token) => known.Contains(token);

    public void Add(string token)
    {
        if (!known.Add(token)) return;
        age.Add(token);
        if (age.Count <= size) return;
        known.Remove(age[0]);
        age.RemoveAt(0);
    }

    public void Forget(string token)
    {
        if (known.Remove(token)) age.Remove(token);
    }
}
