using Microsoft.Extensions.Logging;

namespace CostAttribution.Ingest.Rates;

/// <summary>What publishing tells the log.</summary>
internal static partial class RateBookEvents
{
    [LoggerMessage(1501, LogLevel.Information,
        "rate book {Version} is in force, with {Documents} published files")]
    public static partial void InForce(ILogger logger, long version, int documents);

    [LoggerMessage(1502, LogLevel.Error, "published rate cards make no sound book with the files of this node, whose "
        + "book stays in force; correct its directory or publish a correction: {Faults}")]
    public static partial void Unsound(ILogger logger, string faults);

    [LoggerMessage(1504, LogLevel.Warning, "cost rules read attribute '{Key}', which spans are not decoded with before the "
        + "next start of this node; until then the rules do not find it")]
    public static partial void NotDecoded(ILogger logger, string key);

    [LoggerMessage(1503, LogLevel.Debug, "the store could not be asked for published rate cards: {Fault}")]
    public static partial void NotAsked(ILogger logger, string fault);
}
