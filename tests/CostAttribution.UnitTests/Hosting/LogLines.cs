using Microsoft.Extensions.Logging;

namespace CostAttribution.UnitTests.Hosting;

/// <summary>Keeps what is logged.</summary>
internal sealed class LogLines : ILogger
{
    private readonly Lock gate = new();
    private readonly List<string> lines = [];

    public IReadOnlyList<string> All
    {
        get { lock (gate) return [.. lines]; }
    }

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        lock (gate) lines.Add(formatter(state, exception));
    }
}
