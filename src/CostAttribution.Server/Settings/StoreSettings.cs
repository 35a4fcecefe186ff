using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.Server.Settings;

/// <summary>Where the ledger lives.</summary>
public enum StoreMode { Embedded, Remote }

/// <summary>Settings of section <c>ClickHouse</c>.</summary>
public sealed class StoreSettings
{
    public const string Section = "ClickHouse";

    /// <summary>
    /// <c>Embedded</c>: the engine in this process, data under <c>DataDirectory</c>. <c>Remote</c>: a ClickHouse server.
    /// </summary>
    public StoreMode Mode { get; set; } = StoreMode.Embedded;

    /// <summary>
    /// HTTP interface of the server, for example <c>http://clickhouse:8123</c>, without user and query. Needed for <c>Remote</c>.
    /// </summary>
    public string Url { get; set; } = "";
    public string User { get; set; } = "default";
    public string Password { get; set; } = "";
    public string Database { get; set; } = "cost_attribution";

    /// <summary>
    /// Cluster name: tables are then created replicated, <c>ON CLUSTER</c>. Empty for a single server. A cluster of more than one
    /// server is refused at start.
    /// </summary>
    public string Cluster { get; set; } = "";

    /// <summary>How long a server may take over one statement; then its outcome is unknown and it is sent again.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Value of <see cref="HttpPort"/> that turns the port off.</summary>
    internal const int NoPort = 0;

    /// <summary>Port that serves the embedded engine over ClickHouse's HTTP interface, read-only; 0 turns it off.</summary>
    public int HttpPort { get; set; } = 8123;

    /// <summary>Memory the embedded engine may use, in bytes.</summary>
    public long MemoryBytesMax { get; set; } = 4L << 30;

    /// <summary>The address for logs and messages.</summary>
    internal string ShownUrl => ShownAddress.Of(Url);

    internal IEnumerable<string> Faults()
    {
        if (HttpPort is < 0 or > 65535)
            yield return $"ClickHouse:HttpPort must be a port from 1 to 65535, or 0 to turn it off; it is {HttpPort}";
        var isUrl = Uri.TryCreate(Url, UriKind.Absolute, out var url) && url.Scheme is "http" or "https";
        if (isUrl && (url!.UserInfo.Length > 0 || url.Query.Length > 0))
            yield return "ClickHouse:Url must have no user, password or query: addresses are shown in logs; "
                + "use ClickHouse:User and ClickHouse:Password";
        if (Mode == StoreMode.Remote && !isUrl)
            yield return "ClickHouse:Url must be an http or https address when ClickHouse:Mode is Remote, "
                + $"for example http://clickhouse:8123; it is '{ShownUrl}'";
        if (Mode == StoreMode.Embedded && Url.Length > 0)
            yield return "ClickHouse:Url is set but ClickHouse:Mode is Embedded; "
                + "set ClickHouse:Mode to Remote or remove the address";
        if (!IsName(Database))
            yield return $"ClickHouse:Database must be a plain name of letters, digits and underscores; it is '{Database}'";
        if (Cluster.Length > 0 && !IsName(Cluster))
            yield return $"ClickHouse:Cluster must be a plain name of letters, digits and underscores; it is '{Cluster}'";
        if (Cluster.Length > 0 && Mode == StoreMode.Embedded) yield return "ClickHouse:Cluster needs ClickHouse:Mode Remote";
        if (RequestTimeout < TimeSpan.FromSeconds(1) || RequestTimeout > TimeSpan.FromHours(1))
            yield return $"ClickHouse:RequestTimeout must be between 1 s and 1 h; it is {RequestTimeout}";
        if (MemoryBytesMax < 256L << 20) yield return "ClickHouse:MemoryBytesMax must be at least 268435456 (256 MiB)";
    }

    private static bool IsName(string name) =>
        name.Length is > 0 and <= 64 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
