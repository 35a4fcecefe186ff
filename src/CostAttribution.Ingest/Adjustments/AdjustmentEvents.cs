using CostAttribution.ClickHouse.Adjustments;
using Microsoft.Extensions.Logging;

namespace CostAttribution.Ingest.Adjustments;

/// <summary>Log messages of settling.</summary>
internal static partial class AdjustmentEvents
{
    [LoggerMessage(1521, LogLevel.Information,
        "settling terms {Id} is {State}: {Periods} periods, {Changed} changed, by {Difference} USD, {Refused} refused")]
    public static partial void Ended(ILogger logger, string id, AdjustmentState state, long periods, long changed,
        string difference, long refused);

    [LoggerMessage(1522, LogLevel.Warning, "settling terms {Id} failed: {Fault}; it is tried again with the next interval")]
    public static partial void Failed(ILogger logger, string id, string fault);

    [LoggerMessage(1523, LogLevel.Critical, "settling terms {Id} died on a fault of the program")]
    public static partial void Died(ILogger logger, Exception fault, string id);
}
