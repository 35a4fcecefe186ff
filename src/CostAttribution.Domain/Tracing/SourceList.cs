namespace CostAttribution.Domain.Tracing;

/// <summary>
/// The resources or the scopes of one trace, each once, by identity. Nearly always there are one or two; a sender that varies
/// them from span to span must not make adding a span slower with every one.
/// </summary>
internal struct SourceList<T>
    where T : class
{
    private const int IndexedFrom = 16;

    private readonly List<T> list = new(1);
    private Dictionary<T, int>? index;

    public SourceList()
    {
    }

    public readonly T this[int place] => list[place];

    /// <summary>The place of an item, which is added when it is not there.</summary>
    public int IndexOf(T item)
    {
        if (index is not null)
        {
            if (index.TryGetValue(item, out var known)) return known;
            index.Add(item, list.Count);
        }
        else
        {
            for (var i = 0; i < list.Count; i++)
            {
                if (ReferenceEquals(list[i], item)) return i;
            }
        }
        list.Add(item);
        if (list.Count == IndexedFrom) BuildIndex();
        return list.Count - 1;
    }

    /// <summary>For each place −1: nothing was written yet.</summary>
    public readonly int[] NewPlaces()
    {
        var places = new int[list.Count];
        Array.Fill(places, -1);
        return places;
    }

    private void BuildIndex()
    {
        index = new Dictionary<T, int>(IndexedFrom * 2, ReferenceEqualityComparer.Instance);
        for (var i = 0; i < list.Count; i++) index.Add(list[i], i);
    }
}
