namespace CostAttribution.ClickHouse.Transport;

/// <summary>How to reach a ClickHouse server over its HTTP interface.</summary>
public sealed class HttpTransportOptions
{
    /// <summary>For example <c>https://clickhouse:8443/</c>.</summary>
    public required Uri Url { get; init; }
    public required string Database { get; init; }

    /// <summary>Cluster that the server belongs to; null for a single server.</summary>
    public string? Cluster { get; init; }
    public string User { get; init; } = "default";
    public string Password { get; init; } = "";

    /// <summary>How long one statement may take before its outcome counts as unknown.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Connections to the server at a time.</summary>
    public int ConnectionsMax { get; init; } = 8;

    /// <summary>Largest answer accepted, in bytes.</summary>
    public int ResponseBytesMax { get; init; } = 1 << 30;
}
