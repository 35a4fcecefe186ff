namespace CostAttribution.Simulation.Store;

/// <summary>The deduplication tokens that a table remembers: the last few, as the engine's window does.</summary>
internal sealed class TokenWindow(int size)
{
    private readonly Queue<string> age = new();
    private readonly HashSet<string> known = new(StringComparer.Ordinal);

    public bool Contains(string token) => known.Contains(token);

    public void Add(string token)
    {
        if (!known.Add(token)) return;
        age.Enqueue(token);
        while (age.Count > size) known.Remove(age.Dequeue());
    }

    public void Forget(string token)
    {
        // Its place in the queue stays until it has aged; the set decides.
        known.Remove(token);
    }
}
