using System.CommandLine;

namespace CostAttribution.Server.Settings;

/// <summary>
/// The settings of a command line, <c>--Section:Key value</c> or <c>--Section:Key=value</c>, which every verb takes: whatever
/// begins with two dashes and is no option of a verb. Whether a setting exists is checked where it is read.
/// </summary>
internal sealed class GivenSettings
{
    private readonly Dictionary<string, string?> values = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Takes the settings out of <paramref name="args"/> and returns the rest; throws <see cref="StartupException"/> for settings
    /// without a value.
    /// </summary>
    /// <param name="args">The command line.</param>
    /// <param name="commands">All verbs with their options, which are no settings.</param>
    public IReadOnlyList<string> TakeFrom(IReadOnlyList<string> args, Command commands)
    {
        var options = OptionsOf(commands).ToHashSet(StringComparer.Ordinal);
        var rest = new List<string>();
        var faults = new List<string>();
        for (var i = 0; i < args.Count; i++)
        {
            var (name, value) = Split(args[i]);
            if (!IsLong(name) || options.Contains(name))
            {
                rest.Add(args[i]);
                continue;
            }
            value ??= i + 1 < args.Count && !IsLong(args[i + 1]) ? args[++i] : null;
            if (value is null) faults.Add($"{name} needs a value");
            else values[name[2..]] = value;
        }
        return faults.Count == 0 ? rest : throw new StartupException(faults);
    }

    /// <summary>
    /// Settings files, environment and command line, later ones win; throws <see cref="StartupException"/> when a file cannot be
    /// read.
    /// </summary>
    public IConfigurationRoot ReadConfiguration()
    {
        try
        {
            return new ConfigurationBuilder()
                .AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), optional: true)
                .AddJsonFile(Path.Combine(Directory.GetCurrentDirectory(), "appsettings.json"), optional: true)
                .AddEnvironmentVariables()
                .AddInMemoryCollection(values)
                .Build();
        }
        catch (Exception fault) when (fault is InvalidDataException or FormatException or IOException
            or UnauthorizedAccessException)
        {
            var cause = fault.GetBaseException().Message.TrimEnd('.');
            throw new StartupException($"settings cannot be read: {fault.Message.TrimEnd('.')} ({cause})");
        }
    }

    private static IEnumerable<string> OptionsOf(Command command) => command.Options
        .SelectMany(option => option.Aliases.Append(option.Name))
        .Concat(command.Subcommands.SelectMany(OptionsOf));

    private static bool IsLong(string argument) => argument.Length > 2 && argument.StartsWith("--", StringComparison.Ordinal);

    private static (string Name, string? Value) Split(string argument)
    {
        var equals = argument.IndexOf('=', StringComparison.Ordinal);
        return IsLong(argument) && equals > 0 ? (argument[..equals], argument[(equals + 1)..]) : (argument, null);
    }
}
