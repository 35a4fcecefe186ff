namespace CostAttribution.Server.Demo;

/// <summary>What the demo drives and how long. Ports are those of the server that is already listening.</summary>
internal sealed record DemoOptions
{
    public static readonly TimeSpan DurationDefault = TimeSpan.FromSeconds(60);

    /// <summary>Where the demo reaches its own server.</summary>
    public string Host { get; init; } = "127.0.0.1";

    public required int GrpcPort { get; init; }
    public required int HttpPort { get; init; }
    public required int ApiPort { get; init; }

    /// <summary>Port of the embedded engine's HTTP interface; 0 when it is off.</summary>
    public int ClickHouseHttpPort { get; init; }

    /// <summary>Name of the database, for people who query it themselves.</summary>
    public string Database { get; init; } = "cost_attribution";

    /// <summary>Spans to send; the traces begun by then are finished.</summary>
    public int Spans { get; init; } = 25_000;

    /// <summary>Time the spans are spread over while sending.</summary>
    public TimeSpan Duration { get; init; } = DurationDefault;

    /// <summary>Leave when the check is done instead of serving on.</summary>
    public bool Exit { get; init; }

    public ulong Seed { get; init; } = 2026;

    /// <summary>How often the tables are read again.</summary>
    public TimeSpan RefreshInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait, after the last span, for the ledger to hold everything.</summary>
    public TimeSpan SettleMax { get; init; } = TimeSpan.FromSeconds(120);
}
