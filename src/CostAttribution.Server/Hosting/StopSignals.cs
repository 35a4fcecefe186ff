using System.Runtime.InteropServices;

namespace CostAttribution.Server.Hosting;

/// <summary>SIGTERM and Ctrl+C ask for a clean stop; asked twice, the system's default takes over.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly PosixSignalRegistration[] registrations;

    private StopSignals(CancellationTokenSource stop)
    {
        PosixSignal[] signals = [PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT];
        registrations = [.. signals.Select(signal => PosixSignalRegistration.Create(signal, context =>
        {
            if (stop.IsCancellationRequested) return;
            context.Cancel = true;
            stop.Cancel();
        }))];
    }

    public static StopSignals Into(CancellationTokenSource stop) => new(stop);

    public void Dispose()
    {
        foreach (var registration in registrations) registration.Dispose();
    }
}
