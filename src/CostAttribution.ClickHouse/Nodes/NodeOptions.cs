namespace CostAttribution.ClickHouse.Nodes;

/// <summary>Settings of section <c>Node</c>: how nodes of one remote store tell each other that they live.</summary>
public sealed class NodeOptions
{
    public const string Section = "Node";

    /// <summary>How often a node says that it lives. 100 ms to 1 min, default 5 s.</summary>
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>A node that has said nothing for so long is taken for gone. At least three intervals, default 30 s.</summary>
    public TimeSpan StaleAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Start although another process uses the node id; that process stops when it notices. Only for one start, when it is
    /// certain that the other is gone.
    /// </summary>
    public bool TakeOver { get; set; }

    /// <summary>One message per fault; empty when all is well.</summary>
    public IReadOnlyList<string> Validate()
    {
        var faults = new List<string>();
        if (HeartbeatInterval < TimeSpan.FromMilliseconds(100) || HeartbeatInterval > TimeSpan.FromMinutes(1))
            faults.Add($"{Section}:{nameof(HeartbeatInterval)} must be between 100 ms and 1 min; it is {HeartbeatInterval}");
        if (StaleAfter < 3 * HeartbeatInterval || StaleAfter > TimeSpan.FromHours(1))
            faults.Add($"{Section}:{nameof(StaleAfter)} must be between three times {nameof(HeartbeatInterval)} and 1 h; "
                + $"it is {StaleAfter}");
        return faults;
    }
}
