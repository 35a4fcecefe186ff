namespace CostAttribution.Ingest.Assembly;

/// <summary>
/// Keeps something that fails at every attempt from filling the log: it is news when it began or changed, and every 30 s.
/// </summary>
internal sealed class TroubleNote(TimeProvider clock)
{
    private static readonly TimeSpan Reminder = TimeSpan.FromSeconds(30);

    private string? last;
    private long toldAt;

    /// <summary>Whether to tell of it now.</summary>
    public bool IsNews(string fault)
    {
        if (fault == last && clock.GetElapsedTime(toldAt) < Reminder) return false;
        last = fault;
        toldAt = clock.GetTimestamp();
        return true;
    }

    /// <summary>It works again: the next failure is news.</summary>
    public void Over() => last = null;
}
