namespace CostAttribution.Server.Settings;

/// <summary>
/// The server cannot start or run a command, for reasons an operator can mend: one line each, no stack trace, exit code 1.
/// </summary>
public sealed class StartupException(IReadOnlyList<string> faults) : Exception(string.Join(Environment.NewLine, faults))
{
    public StartupException(string fault) : this([fault])
    {
    }

    /// <summary>One line each, also where the text comes from another program.</summary>
    public IReadOnlyList<string> Faults { get; } = [.. faults.Select(OneLine)];

    private static string OneLine(string fault)
    {
        const int charsMax = 600;
        var line = string.Join(' ', fault.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= charsMax ? line : string.Concat(line.AsSpan(0, charsMax), "…");
    }
}
