namespace CostAttribution.Journal.Storage;

/// <summary>
/// Tells a failure that may pass from one that stays: a segment that has failed to be read both often enough and long enough,
/// with no success in between. For one reader.
/// </summary>
internal sealed class ReadPatience(JournalOptions options, TimeProvider time)
{
    private ulong _segment;
    private int _failures;
    private long _since;

    public void Succeeded() => _failures = 0;

    /// <summary>Counts a failure; true when it is time to give up.</summary>
    public bool IsOver(ulong segment)
    {
        if (_failures == 0 || _segment != segment)
        {
            _segment = segment;
            _failures = 0;
            _since = time.GetTimestamp();
        }
        _failures++;
        return _failures >= options.ReadTries && time.GetElapsedTime(_since) >= options.ReadPatience;
    }
}
