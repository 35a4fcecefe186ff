namespace CostAttribution.Server.Settings;

/// <summary>
/// The server cannot start or run a command, for reasons an operator can mend: one line each, no stack trace, exit code 1.
/// </summary>
public sealed class StartupException(IReadOnlyList<string> faults) : Exception(string.Join(Environment.NewLine, faults))
{
    public StartupException(string fault) : this([fault])
    {
    }

    public IReadOnlyList<string> Faults { get; } = faults;
}
