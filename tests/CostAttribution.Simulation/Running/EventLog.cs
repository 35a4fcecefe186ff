using System.Globalization;
using CostAttribution.Testing.Time;
using Microsoft.Extensions.Logging;

namespace CostAttribution.Simulation.Running;

/// <summary>What happened, line by line, with the virtual time since the start; written only when somebody reads it.</summary>
public sealed class EventLog(TextWriter? output, ManualClock clock) : ILogger
{
    private readonly DateTimeOffset start = clock.GetUtcNow();

    /// <summary>Whether lines go anywhere; costly texts are made only then.</summary>
    public bool IsOn => output is not null;

    public void Say(string text) =>
        output?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(clock.GetUtcNow() - start).TotalSeconds,12:F3}  {text}"));

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => IsOn;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        if (IsOn) Say($"        pipeline: {formatter(state, exception)}{(exception is null ? "" : " " + exception)}");
    }
}
