namespace CostAttribution.Ingest.Assembly;

/// <summary>
/// A set that may say "maybe" of what was never added. Six probes keep that under 2 % at eight bits an element. Not thread-safe.
/// </summary>
internal sealed class BloomFilter(int bitsLog2)
{
    private const int Probes = 6;

    private readonly ulong[] bits = new ulong[1 << (bitsLog2 - 6)];

    public void Add(ulong high, ulong low)
    {
        var hash = Mix(high, low);
        for (var probe = 0; probe < Probes; probe++)
        {
            var bit = Probe(hash, probe);
            bits[(int)(bit >> 6) & (bits.Length - 1)] |= 1UL << (int)(bit & 63);
        }
    }

    public bool MayContain(ulong high, ulong low)
    {
        var hash = Mix(high, low);
        for (var probe = 0; probe < Probes; probe++)
        {
            var bit = Probe(hash, probe);
            if ((bits[(int)(bit >> 6) & (bits.Length - 1)] & 1UL << (int)(bit & 63)) == 0) return false;
        }
        return true;
    }

    public void Clear() => Array.Clear(bits);

    // Trace ids are random by the W3C rules but not from every sender, so they are mixed.
    private static (ulong First, ulong Second) Mix(ulong high, ulong low)
    {
        unchecked
        {
            var first = (high ^ low >> 29) * 0xBF58_476D_1CE4_E5B9UL;
            var second = (low ^ high >> 31) * 0x94D0_49BB_1331_11EBUL;
            return (first ^ second >> 27, (second ^ first >> 33) | 1);
        }
    }

    private static ulong Probe((ulong First, ulong Second) hash, int probe)
    {
        unchecked
        {
            return hash.First + (ulong)probe * hash.Second >> 6;
        }
    }
}
