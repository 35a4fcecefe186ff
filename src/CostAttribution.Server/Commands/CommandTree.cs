using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using CostAttribution.Server.Settings;

namespace CostAttribution.Server.Commands;

/// <summary>
/// The verbs of the program. Each is a <see cref="Command"/> in a file of its own that declares its options and runs itself;
/// a new one is added to <see cref="Build"/>.
/// </summary>
internal static class CommandTree
{
    // Values are never taken from files named on the command line, and letters are not bundled into options.
    private static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null, EnablePosixBundling = false };

    /// <summary>
    /// Runs what <paramref name="args"/> ask for and returns its exit code; throws <see cref="StartupException"/> with every
    /// fault of the command line.
    /// </summary>
    public static Task<int> RunAsync(IReadOnlyList<string> args, TextWriter output)
    {
        var settings = new GivenSettings();
        var root = Build(settings);
        var parsed = root.Parse(settings.TakeFrom(args, root), Parsing);
        if (parsed.Errors.Count > 0) throw new StartupException(FaultsOf(parsed));
        return parsed.InvokeAsync(new InvocationConfiguration
        {
            Output = output,
            // Faults have their own place, and a verb stops by its own signals, however long its clean stop takes.
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        });
    }

    /// <summary>All verbs; without one the program serves.</summary>
    public static RootCommand Build(GivenSettings settings)
    {
        var root = new RootCommand("CostAttribution: OTLP spans in, attributed and priced cost out. Without a command it serves "
            + "until stopped.");
        foreach (var option in root.Options)
        {
            if (option is HelpOption { Action: HelpAction help }) option.Action = new HelpWithSettings(help);
            if (option is VersionOption) option.Action = new TellVersion();
        }
        var demo = new DemoCommand(settings);
        demo.AddOptionsTo(root);
        root.Subcommands.Add(new AdjustCommand(settings));
        root.Subcommands.Add(new AuditCommand(settings));
        root.Subcommands.Add(new QuarantineCommand(settings));
        root.Subcommands.Add(new RatesCommand(settings));
        root.Subcommands.Add(ReportCommands.Unpriced(settings));
        root.Subcommands.Add(ReportCommands.ReportedCosts(settings));
        root.Subcommands.Add(ReportCommands.Flags(settings));
        root.Subcommands.Add(new RepriceCommand(settings));
        root.Subcommands.Add(new WhatIfCommand(settings));
        root.SetAction((parsed, _) => demo.IsAskedFor(parsed) ? demo.RunAsync(parsed) : ServeCommand.RunAsync(settings));
        return root;
    }

    private static string[] FaultsOf(ParseResult parsed)
    {
        var unknown = parsed.UnmatchedTokens
            .Select(token => token.StartsWith('-') ? $"{token} is not an option here; see --help"
                : $"unknown command '{token}'; see --help").ToArray();
        return unknown.Length > 0 ? unknown : [.. parsed.Errors.Select(error => Lower(error.Message.TrimEnd('.')))];
    }

    private static string Lower(string text) => text.Length == 0 ? text : char.ToLowerInvariant(text[0]) + text[1..];

    private sealed class HelpWithSettings(HelpAction help) : SynchronousCommandLineAction
    {
        private const string Settings = """
            Settings:
              from appsettings.json, the environment (Section__Key) and, with every command, the command line; later ones win:
              --DataDirectory ./data  --Bind 127.0.0.1  --Otlp:GrpcPort 4317  --Otlp:HttpPort 4318  --Api:Port 8080
              --ClickHouse:Mode Embedded|Remote  --ClickHouse:Url http://host:8123  --ClickHouse:HttpPort 8123
            """;

        public override int Invoke(ParseResult parseResult)
        {
            var code = help.Invoke(parseResult);
            parseResult.InvocationConfiguration.Output.WriteLine(Settings);
            return code;
        }
    }

    private sealed class TellVersion : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.WriteLine(typeof(CommandTree).Assembly.GetName().Version?.ToString(3));
            return 0;
        }
    }
}
