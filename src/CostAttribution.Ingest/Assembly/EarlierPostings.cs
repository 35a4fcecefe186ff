using CostAttribution.Domain.Tracing;

namespace CostAttribution.Ingest.Assembly;

/// <summary>
/// Tells which spans an earlier process may have posted: those that began before this one, by a clock that may be ahead, and
/// those whose clock says nothing.
/// </summary>
/// <param name="clock">Source of all time.</param>
/// <param name="storeIsEmpty">No earlier process posted anything.</param>
internal sealed class EarlierPostings(TimeProvider clock, bool storeIsEmpty)
{
    /// <summary>How far ahead of ours a sender's clock may be: as far as its times are taken for event times.</summary>
    private static readonly TimeSpan ClockAheadMax = TimeSpan.FromMinutes(10);

    private readonly ulong before = NanosOf(clock.GetUtcNow() + ClockAheadMax);

    public bool MayContain(SpanRecord span) => !storeIsEmpty
        && (span.StartNanos < before || span.StartNanos > NanosOf(clock.GetUtcNow() + ClockAheadMax));

    private static ulong NanosOf(DateTimeOffset instant) => (ulong)instant.ToUnixTimeMilliseconds() * 1_000_000;
}
