using System.Runtime.InteropServices;

namespace CostAttribution.Server.Hosting;

/// <summary>
/// SIGTERM and Ctrl+C ask for a clean stop within a bounded time; asked twice, the process ends at once. Both are safe: what was
/// acknowledged is on disk.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    /// <summary>Exit codes of processes that a signal ended, as shells count them.</summary>
    private const int SignalExitCode = 128;

    private readonly PosixSignalRegistration[] registrations;

    private StopSignals(CancellationTokenSource stop, StopDeadline deadline)
    {
        (PosixSignal Signal, int Number)[] signals =
            [(PosixSignal.SIGTERM, 15), (PosixSignal.SIGINT, 2), (PosixSignal.SIGQUIT, 3)];
        registrations = [.. signals.Select(pair => PosixSignalRegistration.Create(pair.Signal, context =>
        {
            if (stop.IsCancellationRequested) ProcessEnd.Now(SignalExitCode + pair.Number);
            context.Cancel = true;
            deadline.Begin();
            stop.Cancel();
        }))];
    }

    public static StopSignals Into(CancellationTokenSource stop, StopDeadline deadline) => new(stop, deadline);

    public void Dispose()
    {
        foreach (var registration in registrations) registration.Dispose();
    }
}
