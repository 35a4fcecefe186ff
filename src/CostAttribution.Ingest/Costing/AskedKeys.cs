using System.IO.Hashing;
using System.Runtime.InteropServices;
using CostAttribution.ClickHouse.Topics;
using CostAttribution.Ingest.Assembly;

namespace CostAttribution.Ingest.Costing;

/// <summary>
/// Keys of responses and of series of agent totals that some trace asked about: a filter that may say "maybe" of others, which
/// then costs a look-up. Empty, and without memory of its own, where no gateway or provider pushes spans and every agent shows
/// its calls. Remembers the newest 16 to 32 million.
/// </summary>
internal sealed class AskedKeys
{
    private const int BitsLog2 = 27;
    private const int PerFilterMax = 16_000_000;

    // Both kinds of keys are hashes themselves.
    private const long Seed = 4;

    private BloomFilter? current, previous;
    private int count;

    public void Add(in TopicKey key)
    {
        var (high, low) = HashOf(key);
        if (current is null) current = new BloomFilter(BitsLog2);
        else if (current.MayContain(high, low)) return;
        if (count++ >= PerFilterMax)
        {
            (current, previous) = (previous ?? new BloomFilter(BitsLog2), current);
            current.Clear();
            count = 1;
        }
        current.Add(high, low);
    }

    public bool MayContain(in TopicKey key)
    {
        if (current is null) return false;
        var (high, low) = HashOf(key);
        return current.MayContain(high, low) || previous?.MayContain(high, low) == true;
    }

    private static (ulong High, ulong Low) HashOf(in TopicKey key)
    {
        var text = MemoryMarshal.AsBytes(key.Text.AsSpan());
        return (XxHash3.HashToUInt64(text, Seed), XxHash3.HashToUInt64(text, -Seed));
    }
}
