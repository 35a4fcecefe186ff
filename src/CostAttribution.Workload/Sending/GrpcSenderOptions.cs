namespace CostAttribution.Workload.Sending;

/// <summary>How patient a sender is.</summary>
public sealed record GrpcSenderOptions
{
    /// <summary>Tries of one request, the first included.</summary>
    public int AttemptsMax { get; init; } = 10;

    /// <summary>Wait before the second try; doubles up to <see cref="BackoffMax"/> unless the server names a delay.</summary>
    public TimeSpan BackoffFirst { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Longest wait between two tries, also when the server asks for more.</summary>
    public TimeSpan BackoffMax { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time one try may take.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
