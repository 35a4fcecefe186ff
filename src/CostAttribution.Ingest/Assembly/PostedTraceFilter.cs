using CostAttribution.Domain.Identity;

namespace CostAttribution.Ingest.Assembly;

/// <summary>
/// Remembers which traces were posted lately: two Bloom filters, the older dropped once a period, so that an id is known for
/// at least one period and at most two. "No" is certain for what was posted since <see cref="CompleteFrom"/>; "maybe" means
/// ask the store.
/// </summary>
internal sealed class PostedTraceFilter
{
    private readonly TimeProvider clock;
    private readonly TimeSpan period;
    private BloomFilter current;
    private BloomFilter previous;
    private DateTimeOffset currentSince, previousSince;

    public PostedTraceFilter(int bitsLog2, TimeSpan remembered, TimeProvider clock)
    {
        current = new BloomFilter(bitsLog2);
        previous = new BloomFilter(bitsLog2);
        this.clock = clock;
        period = remembered;
        currentSince = previousSince = clock.GetUtcNow();
    }

    /// <summary>No posting since then is forgotten.</summary>
    public DateTimeOffset CompleteFrom
    {
        get
        {
            RotateWhenDue();
            return previousSince;
        }
    }

    public void Add(TraceId id)
    {
        RotateWhenDue();
        current.Add(id.High, id.Low);
    }

    public bool MayContain(TraceId id)
    {
        RotateWhenDue();
        return current.MayContain(id.High, id.Low) || previous.MayContain(id.High, id.Low);
    }

    private void RotateWhenDue()
    {
        var now = clock.GetUtcNow();
        if (now - currentSince < period) return;
        (current, previous) = (previous, current);
        current.Clear();
        (previousSince, currentSince) = (currentSince, now);
    }
}
