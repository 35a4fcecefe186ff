namespace CostAttribution.Simulation.Store;

/// <summary>How a <see cref="SimulatedStore"/> treats what it is asked, in thousandths; all zero is a healthy store.</summary>
public sealed record StoreFaults
{
    public static StoreFaults None { get; } = new();

    /// <summary>Not reachable, before anything is done.</summary>
    public int UnavailablePerMille { get; init; }

    /// <summary>An insert is done and its answer is lost.</summary>
    public int LostAnswerPerMille { get; init; }

    /// <summary>The answer to an insert is lost at once, and the insert goes on for a while, piece by piece.</summary>
    public int OutlivesPerMille { get; init; }

    /// <summary>The view fails after the ledger was written.</summary>
    public int ViewFailsPerMille { get; init; }

    /// <summary>An insert is refused for a reason that has nothing to do with its rows.</summary>
    public int RefusedPerMille { get; init; }

    /// <summary>A query is answered with bytes that are no answer.</summary>
    public int GarbagePerMille { get; init; }

    /// <summary>The answer takes a while.</summary>
    public int SlowPerMille { get; init; }

    /// <summary>Longest that a slow answer takes.</summary>
    public TimeSpan SlowMax { get; init; } = TimeSpan.FromSeconds(30);
}
