using System.Globalization;

namespace CostAttribution.Server.Hosting;

/// <summary>
/// The time of one stop, from the moment it is asked for: its phases take shares of it, and whatever hangs, the process is gone
/// when it is over.
/// <code>
///   0 %            10 %       25 %                    60 %                          100 %
///   │ SQL queries  │ requests │ what is due is posted │ stages, engine, files close │ end of the process
/// </code>
/// </summary>
internal sealed class StopDeadline(TimeProvider clock, TimeSpan total, Action<int>? leave = null) : IDisposable
{
    /// <summary>SQL queries under way are answered until here.</summary>
    public const int QueriesPercent = 10;

    /// <summary>Requests under way are answered until here.</summary>
    public const int RequestsPercent = 25;

    /// <summary>Until here the store gets what is due.</summary>
    public const int PostingPercent = 60;

    private readonly Lock gate = new();
    private ITimer? watchdog;
    private long beganAt;

    /// <summary>Starts the clock; only the first call does.</summary>
    /// <param name="exitCode">Of a process that does not come to its end by itself.</param>
    public void Begin(int exitCode = 0)
    {
        lock (gate)
        {
            if (watchdog is not null) return;
            beganAt = clock.GetTimestamp();
            watchdog = clock.CreateTimer(_ => Overrun(exitCode), null, total, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Cancelled when <paramref name="percent"/> of the time since <see cref="Begin"/> is over.</summary>
    public CancellationTokenSource Until(int percent)
    {
        var left = total * percent / 100 - clock.GetElapsedTime(beganAt);
        return new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, clock);
    }

    public void Dispose()
    {
        lock (gate) watchdog?.Dispose();
    }

    private void Overrun(int exitCode)
    {
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"stopping took longer than {total.TotalSeconds:0.#} s (Shutdown:Timeout); leaving at once, ")
            + "what was accepted is on disk");
        (leave ?? ProcessEnd.Now)(exitCode);
    }
}
