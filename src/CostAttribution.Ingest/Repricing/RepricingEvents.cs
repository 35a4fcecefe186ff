using CostAttribution.ClickHouse.Repricing;
using Microsoft.Extensions.Logging;

namespace CostAttribution.Ingest.Repricing;

/// <summary>Log messages of re-pricings.</summary>
internal static partial class RepricingEvents
{
    [LoggerMessage(1511, LogLevel.Information,
        "re-pricing {Id} is {State}: {Rows} rows looked at, {Changed} differ, by {Difference} USD")]
    public static partial void Ended(ILogger logger, string id, RepricingState state, long rows, long changed, string difference);

    [LoggerMessage(1512, LogLevel.Warning, "a re-pricing that was cut off cannot go on: {Fault}; ask for it again")]
    public static partial void NotResumed(ILogger logger, string fault);

    [LoggerMessage(1513, LogLevel.Warning, "the report of re-pricing {Id} cannot be stored: {Fault}")]
    public static partial void NotStored(ILogger logger, string id, string fault);

    [LoggerMessage(1514, LogLevel.Critical, "re-pricing {Id} died on a fault of the program")]
    public static partial void Died(ILogger logger, Exception fault, string id);
}
