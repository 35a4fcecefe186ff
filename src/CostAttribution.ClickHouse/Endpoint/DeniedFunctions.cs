namespace CostAttribution.ClickHouse.Endpoint;

/// <summary>
/// Functions of the pinned engine that a reader may not call: those that read files or models, ask the network or a keeper,
/// look into the process or the machine, block a thread, read tables by name, or are the engine's own. A test compares the
/// engine's list of functions with the one reviewed here.
/// </summary>
internal static class DeniedFunctions
{
    /// <summary>
    /// Reviewed: number of function names in <c>system.functions</c> and the SHA-256 of the sorted list, one a line.
    /// </summary>
    public const string ReviewedList = "1825 c2cfc928f3621cd2b36b846bcc0aa5a2931b04cb86ef9a1af7169eb50a8bec0c";

    private static readonly HashSet<string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        // files, models, libraries
        "file", "catboostEvaluate", "evalMLMethod", "filesystemAvailable", "filesystemCapacity", "filesystemUnreserved",
        "showCertificate",
        // network, keeper, other nodes
        "reverseDNSQuery", "generateSerialID", "zookeeperSessionUptime", "getClientHTTPHeader",
        // process and machine
        "hostName", "hostname", "fullHostName", "FQDN", "getServerPort", "tcpPort", "getServerSetting", "getMacro",
        "getOSKernelVersion",
        "serverUUID", "tid", "logTrace", "hasThreadFuzzer", "addressToLine", "addressToLineWithInlines", "addressToSymbol",
        "runningConcurrency",
        "transactionID", "transactionLatestSnapshot", "transactionOldestSnapshot",
        // blocks a thread
        "sleep", "sleepEachRow",
        // tables by name
        "joinGet", "joinGetOrNull", "hasColumnInTable", "getMergeTreeSetting", "mergeTreePartInfo", "isMergeTreePartCoveredBy",
    };

    /// <summary>
    /// Families by the start of their names: dictionaries, language models, trained classifiers, embedded regions.
    /// </summary>
    private static readonly string[] Families =
    [
        "dictGet", "dictHas", "dictIsIn", "aiClassify", "aiEmbed", "aiExtract", "aiGenerate", "aiTranslate",
        "naiveBayesClassifier",
        "regionHierarchy", "regionIn", "regionTo",
    ];

    /// <summary>
    /// Whether a call of <paramref name="name"/>, or its mention where a function may be passed by name, is refused.
    /// </summary>
    public static bool Contains(string name) =>
        Names.Contains(name) || Families.Any(family => name.StartsWith(family, StringComparison.OrdinalIgnoreCase));

    /// <summary>Functions with two leading underscores are the engine's own.</summary>
    public static bool IsInternal(string name) => name.StartsWith("__", StringComparison.Ordinal);
}
