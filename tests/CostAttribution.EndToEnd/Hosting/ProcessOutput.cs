using System.Diagnostics;

namespace CostAttribution.EndToEnd.Hosting;

/// <summary>Lines that a process writes, kept as they come.</summary>
internal sealed class ProcessOutput
{
    private readonly Lock gate = new();
    private readonly List<string> lines = [];
    private readonly List<string> errors = [];

    public ProcessOutput(Process process)
    {
        process.OutputDataReceived += (_, line) => Add(lines, line.Data);
        process.ErrorDataReceived += (_, line) => Add(errors, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (gate) return [.. lines];
        }
    }

    public IReadOnlyList<string> Errors
    {
        get
        {
            lock (gate) return [.. errors];
        }
    }

    public override string ToString() => $"--- stdout\n{string.Join('\n', Lines)}\n--- stderr\n{string.Join('\n', Errors)}";

    private void Add(List<string> target, string? line)
    {
        if (line is null) return;
        lock (gate) target.Add(line);
    }
}
