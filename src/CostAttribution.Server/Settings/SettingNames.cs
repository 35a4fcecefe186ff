using CostAttribution.ClickHouse.Nodes;
using CostAttribution.Ingest.Assembly;
using CostAttribution.Ingest.Adjustments;
using CostAttribution.Ingest.Auditing;
using CostAttribution.Ingest.Intake;
using CostAttribution.Ingest.Posting;
using CostAttribution.Domain.Attribution;
using CostAttribution.Journal;
using CostAttribution.Journal.Postings;
using CostAttribution.Server.Telemetry;
using Microsoft.Extensions.Configuration.EnvironmentVariables;

namespace CostAttribution.Server.Settings;

/// <summary>Finds settings that do not exist: a misspelt one would leave its default in force without a word.</summary>
internal static class SettingNames
{
    private static readonly SortedSet<string> Roots = new(StringComparer.OrdinalIgnoreCase)
    {
        "DataDirectory", "Bind", "NodeId", "Api", "RateCards", "Logging", StoreSettings.Section, NodeOptions.Section,
        IntakeOptions.Section, AssemblyOptions.Section,
        PostingOptions.Section, AttributionOptions.Section, JournalOptions.Section, PostingSpoolOptions.Section,
        ShutdownOptions.Section, TelemetryOptions.Section, AuditOptions.Section, AdjustmentOptions.Section,
    };

    /// <summary>
    /// Faults of the first level. Names from the environment are left alone there: other programs' variables are among them.
    /// </summary>
    public static IEnumerable<string> FaultsOfRoots(IConfiguration configuration)
    {
        if (configuration is IConfigurationRoot root)
        {
            var stated = root.Providers.Where(provider => provider is not EnvironmentVariablesConfigurationProvider)
                .SelectMany(provider => provider.GetChildKeys([], null)).Distinct(StringComparer.OrdinalIgnoreCase);
            foreach (var name in stated.Where(name => !Roots.Contains(name)))
                yield return $"unknown setting {name}; known are {string.Join(", ", Roots)}";
        }
        foreach (var (section, known) in new[] { ("Api", "Port"), ("RateCards", "Directory") })
        {
            foreach (var child in configuration.GetSection(section).GetChildren())
            {
                if (!child.Key.Equals(known, StringComparison.OrdinalIgnoreCase))
                    yield return $"unknown setting {child.Path}; known is {known}";
            }
        }
        foreach (var (path, value) in configuration.GetSection("Logging").AsEnumerable())
        {
            if (value is null || !path.Contains(":LogLevel:", StringComparison.OrdinalIgnoreCase)) continue;
            if (!Enum.TryParse<LogLevel>(value, ignoreCase: true, out _))
                yield return $"{path} must be one of {string.Join(", ", Enum.GetNames<LogLevel>())}; it is '{value}'";
        }
    }

    /// <summary>
    /// Faults below <paramref name="section"/>, which is bound to <paramref name="type"/>, in objects, lists and maps alike.
    /// </summary>
    public static IEnumerable<string> FaultsOf(IConfigurationSection section, Type type)
    {
        if (ElementOf(type) is { } element) return section.GetChildren().SelectMany(child => FaultsOf(child, element));
        if (!IsOptions(type)) return [];
        var known = type.GetProperties().ToDictionary(property => property.Name, StringComparer.OrdinalIgnoreCase);
        return section.GetChildren().SelectMany(child => known.TryGetValue(child.Key, out var property)
            ? FaultsOf(child, property.PropertyType)
            : [$"unknown setting {child.Path}; known are {string.Join(", ", known.Keys.Order(StringComparer.Ordinal))}"]);
    }

    private static Type? ElementOf(Type type) => !type.IsGenericType ? null
        : type.GetGenericTypeDefinition() == typeof(IList<>) ? type.GenericTypeArguments[0]
        : type.GetGenericTypeDefinition() == typeof(IDictionary<,>) ? type.GenericTypeArguments[1]
        : null;

    private static bool IsOptions(Type type) =>
        type.IsClass && type.Assembly.GetName().Name!.StartsWith("CostAttribution.", StringComparison.Ordinal);
}
