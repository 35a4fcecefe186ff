using Microsoft.Extensions.Logging;

namespace CostAttribution.Ingest.Intake;

/// <summary>The OTLP ports' messages; stable ids from 2100. Never a request's content.</summary>
internal static partial class IntakeLog
{
    [LoggerMessage(2101, LogLevel.Error,
        "a request of {RequestBytes} bytes made the decoder fail and was refused; keep the sender's logs and report this")]
    public static partial void DecodeFault(ILogger logger, int requestBytes, Exception fault);

    [LoggerMessage(2102, LogLevel.Error, "a batch of {Spans} spans could not be handed on; its sender was asked to try again")]
    public static partial void IntakeFault(ILogger logger, int spans, Exception fault);

    [LoggerMessage(2103, LogLevel.Error, "a request to {Path} failed")]
    public static partial void RequestFault(ILogger logger, string path, Exception fault);
}
