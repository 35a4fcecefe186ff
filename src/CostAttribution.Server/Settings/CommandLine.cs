using System.Globalization;

namespace CostAttribution.Server.Settings;

/// <summary>What the command line asks for: a command, its flags, and settings as <c>--Section:Key value</c>.</summary>
public sealed record CommandLine
{
    public const string Usage = """
        CostAttribution: OTLP spans in, attributed and priced cost out.

        usage: CostAttribution.Server [--demo] [--Section:Key value]...

          (no command)        serve until stopped
          --demo              serve, and drive a simulated multi-tenant GenAI workload through the OTLP port
          --demo-spans N      how many spans the demo sends (default 25000)
          --demo-seconds N    the time it sends them in (default 60)
          --demo-exit         leave when the demo is done, with exit code 0 when the ledger equals the workload
          --yes               let --demo write to a remote store
          --help, --version

        settings come from appsettings.json, the environment (Section__Key) and the command line, later ones win:
          --DataDirectory ./data  --Bind 127.0.0.1  --Otlp:GrpcPort 4317  --Otlp:HttpPort 4318  --Api:Port 8080
          --ClickHouse:Mode Embedded|Remote  --ClickHouse:Url http://host:8123  --ClickHouse:HttpPort 8123
        """;

    public bool Help { get; private init; }
    public bool Version { get; private init; }
    public bool Demo { get; private init; }
    public int? DemoSpans { get; private init; }
    public int? DemoSeconds { get; private init; }
    public bool DemoExit { get; private init; }
    public bool Yes { get; private init; }

    /// <summary>Settings in configuration form.</summary>
    public IReadOnlyDictionary<string, string?> Settings { get; private init; } = new Dictionary<string, string?>();

    /// <summary>Parses <paramref name="args"/>; throws <see cref="StartupException"/> with every fault.</summary>
    public static CommandLine Parse(IReadOnlyList<string> args)
    {
        var line = new CommandLine();
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        var faults = new List<string>();
        for (var i = 0; i < args.Count; i++)
        {
            var (name, value) = Split(args[i]);
            switch (name)
            {
                case "--help" or "-h": line = line with { Help = true }; break;
                case "--version": line = line with { Version = true }; break;
                case "--demo": line = line with { Demo = true }; break;
                case "--demo-exit": line = line with { DemoExit = true }; break;
                case "--yes": line = line with { Yes = true }; break;
                case "--demo-spans" or "--demo-seconds":
                    value ??= ++i < args.Count ? args[i] : null;
                    var isNumber = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
                    if (!isNumber || number <= 0) faults.Add($"{name} needs a positive number");
                    else line = name == "--demo-spans" ? line with { DemoSpans = number } : line with { DemoSeconds = number };
                    break;
                case { Length: > 2 } when name.StartsWith("--", StringComparison.Ordinal):
                    value ??= ++i < args.Count ? args[i] : null;
                    if (value is null) faults.Add($"{name} needs a value");
                    else settings[name[2..]] = value;
                    break;
                default:
                    faults.Add($"unknown command '{args[i]}'; see --help");
                    break;
            }
        }
        return faults.Count == 0 ? line with { Settings = settings } : throw new StartupException(faults);
    }

    private static (string Name, string? Value) Split(string argument)
    {
        var equals = argument.IndexOf('=', StringComparison.Ordinal);
        return argument.StartsWith("--", StringComparison.Ordinal) && equals > 0
            ? (argument[..equals], argument[(equals + 1)..])
            : (argument, null);
    }
}
