namespace CostAttribution.ClickHouse.Nodes;

/// <summary>One life of a process under a node id.</summary>
/// <param name="NodeId">Name that the operator gave; used by one process at a time.</param>
/// <param name="InstanceId">Of the data directory; a copy of the directory has the same.</param>
/// <param name="StartId">Random, of this start.</param>
/// <param name="FormerStarts">Ids of earlier starts of this data directory that may have been registered.</param>
/// <param name="Host">Name of the machine, for the operator.</param>
public sealed record NodeStart(string NodeId, string InstanceId, string StartId, IReadOnlyList<string> FormerStarts,
    string Host);

/// <summary>A start as the store knows it.</summary>
internal sealed record RegisteredStart(
    string StartId, string InstanceId, string Host, ulong Generation, long StartedUnixMs, ulong Version, TimeSpan Age,
    bool IsStopped)
{
    /// <summary>
    /// Of two that run at once the one that stays: the higher generation, then the earlier, then the lesser id.
    /// </summary>
    public bool PrevailsOver(RegisteredStart other)
    {
        if (Generation != other.Generation) return Generation > other.Generation;
        if (StartedUnixMs != other.StartedUnixMs) return StartedUnixMs < other.StartedUnixMs;
        return string.CompareOrdinal(StartId, other.StartId) < 0;
    }
}

/// <summary>Another process uses the node id; the message says what to do.</summary>
public sealed class NodeInUseException(string message) : Exception(message);
