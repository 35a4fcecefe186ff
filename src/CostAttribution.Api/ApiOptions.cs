using System.Globalization;

namespace CostAttribution.Api;

/// <summary>
/// The control plane's settings. Every answer, wait and read is bounded by one of these or by <see cref="ApiLimits"/>.
/// </summary>
public sealed record ApiOptions
{
    /// <summary>Longest a question may run in the store; then the caller gets a 504 problem.</summary>
    public TimeSpan QueryTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Memory one question may use in the store, in bytes.</summary>
    public long QueryMemoryBytesMax { get; init; } = 2L * 1024 * 1024 * 1024;

    /// <summary>Longest the readiness check waits for the store.</summary>
    public TimeSpan ReadyTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>One message per fault; empty when all settings can be used.</summary>
    public IReadOnlyList<string> Faults()
    {
        var faults = new List<string>();
        if (QueryTimeout < TimeSpan.FromSeconds(1)
            || QueryTimeout > TimeSpan.FromHours(1)) faults.Add("QueryTimeout must be between 1 s and 1 h");
        if (ReadyTimeout < TimeSpan.FromMilliseconds(100)
            || ReadyTimeout > TimeSpan.FromMinutes(1)) faults.Add("ReadyTimeout must be between 100 ms and 1 min");
        if (QueryMemoryBytesMax < 64L * 1024 * 1024)
        {
            faults.Add(string.Create(CultureInfo.InvariantCulture, $"QueryMemoryBytesMax must be at least {64 * 1024 * 1024}"));
        }
        return faults;
    }
}
