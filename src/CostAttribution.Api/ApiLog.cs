using Microsoft.Extensions.Logging;

namespace CostAttribution.Api;

/// <summary>The control plane's messages. Event ids are stable: append only.</summary>
internal static partial class ApiLog
{
    [LoggerMessage(4001, LogLevel.Warning, "request {RequestId} was not answered because the store is unavailable: {Reason}")]
    public static partial void StoreUnavailable(ILogger logger, string requestId, string reason);

    [LoggerMessage(4002, LogLevel.Error, "request {RequestId} failed; this is a defect, please report it with what follows")]
    public static partial void AnswerFailed(ILogger logger, string requestId, Exception failure);
}
