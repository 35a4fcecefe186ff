using CostAttribution.Domain.Identity;

namespace CostAttribution.Ingest.Assembly;

/// <summary>
/// Remembers which traces were posted lately: two Bloom filters, the older dropped once a period, so that an id is known for
/// at least one period and at most two. "No" is certain within the period; "maybe" means ask the store.
/// </summary>
internal sealed class PostedTraceFilter
{
    // Six probes keep false positives under 2 % at eight bits an id; a false positive costs one look-up, never a wrong result.
    private const int Probes = 6;

    private readonly int mask;
    private readonly TimeProvider clock;
    private readonly TimeSpan period;
    private ulong[] current;
    private ulong[] previous;
    private DateTimeOffset rotatedAt;

    public PostedTraceFilter(int bitsLog2, TimeSpan remembered, TimeProvider clock)
    {
        current = new ulong[1 << (bitsLog2 - 6)];
        previous = new ulong[1 << (bitsLog2 - 6)];
        mask = current.Length - 1;
        this.clock = clock;
        period = remembered;
        rotatedAt = clock.GetUtcNow();
    }

    public void Add(TraceId id)
    {
        RotateWhenDue();
        var hash = Mix(id);
        for (var probe = 0; probe < Probes; probe++)
        {
            var bit = Probe(hash, probe);
            current[(int)(bit >> 6) & mask] |= 1UL << (int)(bit & 63);
        }
    }

    public bool MayContain(TraceId id)
    {
        RotateWhenDue();
        var hash = Mix(id);
        return Contains(current, hash) || Contains(previous, hash);
    }

    private bool Contains(ulong[] filter, (ulong First, ulong Second) hash)
    {
        for (var probe = 0; probe < Probes; probe++)
        {
            var bit = Probe(hash, probe);
            if ((filter[(int)(bit >> 6) & mask] & 1UL << (int)(bit & 63)) == 0) return false;
        }
        return true;
    }

    private void RotateWhenDue()
    {
        var now = clock.GetUtcNow();
        if (now - rotatedAt < period) return;
        (current, previous) = (previous, current);
        Array.Clear(current);
        rotatedAt = now;
    }

    // Trace ids are random by the W3C rules but not from every sender, so they are mixed.
    private static (ulong First, ulong Second) Mix(TraceId id)
    {
        unchecked
        {
            var first = (id.High ^ id.Low >> 29) * 0xBF58_476D_1CE4_E5B9UL;
            var second = (id.Low ^ id.High >> 31) * 0x94D0_49BB_1331_11EBUL;
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
