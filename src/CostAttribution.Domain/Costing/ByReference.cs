using System.Runtime.CompilerServices;

namespace CostAttribution.Domain.Costing;

/// <summary>
/// A fixed-size cache from objects to what follows from them, by identity: interned names and shared sources recur as the same
/// object, so that most look-ups hash no text. A miss only costs the work again.
/// </summary>
internal sealed class ByReference<TKey, TValue>(Func<TKey, TValue> make)
    where TKey : class
{
    private const int Slots = 1024;

    private readonly TKey?[] keys = new TKey?[Slots];
    private readonly TValue[] values = new TValue[Slots];

    public TValue Of(TKey key)
    {
        var slot = RuntimeHelpers.GetHashCode(key) & (Slots - 1);
        if (ReferenceEquals(keys[slot], key)) return values[slot];
        keys[slot] = key;
        return values[slot] = make(key);
    }

    public void Clear() => Array.Clear(keys);
}
