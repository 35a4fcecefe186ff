using System.ComponentModel.DataAnnotations;
using System.Net;
using CostAttribution.Api;
using CostAttribution.ClickHouse.Nodes;
using CostAttribution.Domain.Attribution;
using CostAttribution.Ingest.Assembly;
using CostAttribution.Ingest.Adjustments;
using CostAttribution.Ingest.Auditing;
using CostAttribution.Ingest.Intake;
using CostAttribution.Ingest.Posting;
using CostAttribution.Journal;
using CostAttribution.Journal.Postings;
using CostAttribution.Server.Telemetry;

namespace CostAttribution.Server.Settings;

/// <summary>All settings, read once at start and validated whole: every fault is told, not only the first.</summary>
public sealed class ServerSettings
{
    /// <summary>Files of journal, postings and the embedded store.</summary>
    public string DataDirectory { get; private set; } = "./data";

    /// <summary>Address that every port is bound to.</summary>
    public IPAddress Bind { get; private set; } = IPAddress.Loopback;

    /// <summary>Name of this node in posting ids; two nodes on one store must have different ones.</summary>
    public string NodeId { get; private set; } = "node-1";
    public NodeOptions Node { get; } = new();

    /// <summary>Port of REST API, health and the OpenAPI document.</summary>
    public int ApiPort { get; private set; } = 8080;

    /// <summary>Directory with further rate cards, which come before the shipped ones; empty for none.</summary>
    public string RateCardDirectory { get; private set; } = "";
    public ApiOptions Api { get; } = new();
    public StoreSettings Store { get; } = new();
    public IntakeOptions Intake { get; } = new();
    public AssemblyOptions Assembly { get; } = new();
    public PostingOptions Posting { get; } = new();
    public JournalOptions Journal { get; private set; } = new();
    public PostingSpoolOptions Postings { get; private set; } = new();
    public AttributionOptions Attribution { get; } = new();
    public AuditOptions Audit { get; } = new();
    public AdjustmentOptions Adjustments { get; } = new();
    public ShutdownOptions Shutdown { get; } = new();
    public TelemetryOptions Telemetry { get; } = new();

    /// <summary>Reads and validates; throws <see cref="StartupException"/> with one line per fault.</summary>
    public static ServerSettings From(IConfiguration configuration, bool demo)
    {
        var settings = new ServerSettings();
        var faults = new List<string>();
        faults.AddRange(SettingNames.FaultsOfRoots(configuration));
        settings.DataDirectory = configuration["DataDirectory"] ?? (demo ? "./data-demo" : "./data");
        if (string.IsNullOrWhiteSpace(settings.DataDirectory)) faults.Add("DataDirectory must not be empty");
        settings.NodeId = configuration["NodeId"] ?? settings.NodeId;
        if (settings.NodeId.Length is 0 or > 40
            || !settings.NodeId.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            faults.Add($"NodeId must be 1 to 40 letters, digits, '-', '_' or '.'; it is '{settings.NodeId}'");
        if (IPAddress.TryParse(configuration["Bind"] ?? "127.0.0.1", out var address)) settings.Bind = address;
        else faults.Add($"Bind must be an IP address such as 127.0.0.1 or 0.0.0.0; it is '{configuration["Bind"]}'");
        settings.RateCardDirectory = configuration["RateCards:Directory"] ?? "";
        if (settings.RateCardDirectory.Length > 0 && !Directory.Exists(settings.RateCardDirectory))
            faults.Add($"RateCards:Directory '{settings.RateCardDirectory}' does not exist");
        settings.ApiPort = Port(configuration, "Api:Port", settings.ApiPort, faults);

        BindSection(configuration, StoreSettings.Section, settings.Store, faults);
        BindSection(configuration, NodeOptions.Section, settings.Node, faults);
        BindSection(configuration, IntakeOptions.Section, settings.Intake, faults);
        BindSection(configuration, AssemblyOptions.Section, settings.Assembly, faults);
        BindSection(configuration, PostingOptions.Section, settings.Posting, faults);
        BindSection(configuration, AttributionOptions.Section, settings.Attribution, faults);
        BindSection(configuration, AuditOptions.Section, settings.Audit, faults);
        BindSection(configuration, AdjustmentOptions.Section, settings.Adjustments, faults);
        BindSection(configuration, ShutdownOptions.Section, settings.Shutdown, faults);
        BindSection(configuration, TelemetryOptions.Section, settings.Telemetry, faults);
        settings.Journal = BindSection(configuration, JournalOptions.Section, new JournalOptions { RecordBytesMax = 60 << 20 },
            faults);
        settings.Postings = BindSection(configuration, PostingSpoolOptions.Section, new PostingSpoolOptions(), faults);

        faults.AddRange(settings.Store.Faults());
        faults.AddRange(settings.Node.Validate());
        faults.AddRange(settings.Telemetry.Faults());
        faults.AddRange(settings.Journal.Validate());
        faults.AddRange(settings.Postings.Validate());
        if (settings.Assembly.IdleQuiet < settings.Assembly.SettledQuiet)
            faults.Add("Assembly:IdleQuiet must be at least Assembly:SettledQuiet");
        if (settings.Assembly.UnattributedWait < settings.Assembly.VisibleAfter)
            faults.Add("Assembly:UnattributedWait must be at least Assembly:VisibleAfter");
        CheckPorts(settings, faults);
        return faults.Count == 0 ? settings : throw new StartupException(faults);
    }

    private static T BindSection<T>(IConfiguration configuration, string section, T target, List<string> faults) where T : class
    {
        var source = configuration.GetSection(section);
        faults.AddRange(SettingNames.FaultsOf(source, typeof(T)));
        try
        {
            source.Bind(target);
        }
        catch (InvalidOperationException fault)
        {
            var cause = fault.InnerException?.InnerException ?? fault.InnerException ?? fault;
            faults.Add($"{section}: {cause.Message} ({fault.Message})");
            return target;
        }
        var results = new List<ValidationResult>();
        if (!Validator.TryValidateObject(target, new ValidationContext(target), results, validateAllProperties: true))
            faults.AddRange(results.Select(result => $"{section}:{string.Join(",", result.MemberNames)}: {result.ErrorMessage}"));
        return target;
    }

    private static int Port(IConfiguration configuration, string key, int fallback, List<string> faults)
    {
        var text = configuration[key];
        if (text is null) return fallback;
        if (int.TryParse(text, out var port) && port is >= 0 and <= 65535) return port;
        faults.Add($"{key} must be a port from 1 to 65535, or 0 for any free one; it is '{text}'");
        return fallback;
    }

    private static void CheckPorts(ServerSettings settings, List<string> faults)
    {
        (string Name, int Port)[] ports =
        [
            ("Otlp:GrpcPort", settings.Intake.GrpcPort), ("Otlp:HttpPort", settings.Intake.HttpPort), ("Api:Port",
                settings.ApiPort), ("ClickHouse:HttpPort", settings.Store.Mode == StoreMode.Embedded
                    ? settings.Store.HttpPort
                    : 0),
        ];
        foreach (var same in ports.Where(port => port.Port != 0).GroupBy(port => port.Port).Where(group => group.Count() > 1))
            faults.Add($"port {same.Key} is set for {string.Join(" and ", same.Select(port => port.Name))}; each needs its own");
    }
}
