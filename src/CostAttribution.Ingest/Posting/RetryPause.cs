namespace CostAttribution.Ingest.Posting;

/// <summary>
/// When something that failed may be tried again: after pauses that double up to a longest. Holds an instant, not a timer, so
/// that whoever drives the stages decides how to wait. Not thread-safe.
/// </summary>
internal sealed class RetryPause(TimeProvider clock, TimeSpan first, TimeSpan longest)
{
    private TimeSpan current;
    private long since;

    public RetryPause(TimeProvider clock, PostingOptions options) : this(clock, options.RetryDelay, options.RetryDelayMax)
    {
    }

    /// <summary>What is left of the pause; zero when the next attempt may be made.</summary>
    public TimeSpan Left
    {
        get
        {
            if (current == TimeSpan.Zero) return TimeSpan.Zero;
            var left = current - clock.GetElapsedTime(since);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    public bool IsOver => Left == TimeSpan.Zero;

    /// <summary>Begins a pause and returns its length.</summary>
    public TimeSpan Failed()
    {
        since = clock.GetTimestamp();
        current = current == TimeSpan.Zero ? first : current * 2 < longest ? current * 2 : longest;
        return current;
    }

    public void Succeeded() => current = TimeSpan.Zero;

    /// <summary>Waits until the pause is over.</summary>
    public async Task WaitAsync(CancellationToken stop)
    {
        // A timer counts whole milliseconds.
        while (Left is { Ticks: > 0 } left)
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)), clock, stop).ConfigureAwait(false);
    }
}
