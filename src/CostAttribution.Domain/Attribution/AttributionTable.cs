using System.Collections.Frozen;
using CostAttribution.Domain.Tracing;

namespace CostAttribution.Domain.Attribution;

/// <summary>One place where a key's value may go. A slot is twice the dimension, plus one for fallback keys.</summary>
internal readonly record struct DimensionUse(byte Slot, ushort Rank);

/// <summary>What a rule may look at about a call.</summary>
internal readonly record struct RuleSubject(string Service, string Provider, string ProviderProject, string ProviderKey);

/// <summary>A checked rule; empty conditions do not matter.</summary>
internal sealed record AttributionRule(
    int Dimension, string Value, string Service, string Provider, string ProviderProject, string ProviderKey)
{
    public bool HasCondition => Service.Length + Provider.Length + ProviderProject.Length + ProviderKey.Length > 0;

    public bool Holds(in RuleSubject subject) =>
        (Service.Length == 0 || Service == subject.Service) && (Provider.Length == 0 || Provider == subject.Provider)
        && (ProviderProject.Length == 0 || ProviderProject == subject.ProviderProject)
        && (ProviderKey.Length == 0 || ProviderKey == subject.ProviderKey);
}

/// <summary>
/// Immutable snapshot of how costs find their owners: dimensions, the keys of each in order of precedence, value mappings and
/// rules. Built by <see cref="AttributionTableBuilder"/>. Safe for use by many threads.
/// </summary>
public sealed class AttributionTable
{
    private readonly DimensionUse[][] builtInUses;
    private readonly DimensionUse[][] configuredUses;
    private readonly FrozenDictionary<string, string>?[] mappings;
    private readonly AttributionRule[][] rules;

    internal AttributionTable(ReadOnlyMemory<byte> content, AttributeKeyTable keys, IReadOnlyList<string> dimensions,
        IReadOnlyList<(ushort Key, DimensionUse Use)> uses,
        FrozenDictionary<string, string>?[] mappings, IReadOnlyList<AttributionRule> rules,
        IReadOnlyList<string> cumulativeLoops, ModelDeployments deployments)
    {
        Content = content;
        Version = AttributionText.VersionOf(content.Span);
        Keys = keys;
        Dimensions = dimensions;
        Deployments = deployments;
        CumulativeLoopServices = cumulativeLoops.ToFrozenSet(StringComparer.Ordinal);
        this.mappings = mappings;
        this.rules = [.. Enumerable.Range(0, dimensions.Count).Select(dimension =>
            rules.Where(rule => rule.Dimension == dimension).ToArray())];
        var byKey = uses.ToLookup(use => use.Key, use => use.Use);
        builtInUses = [.. Enumerable.Range(0, KnownKeys.BuiltInIdEnd).Select(id => byKey[(ushort)id].ToArray())];
        configuredUses = [.. keys.ConfiguredKeys.Select(key => byKey[key.Id].ToArray())];
    }

    /// <summary>Built-in dimensions and keys only.</summary>
    public static AttributionTable Default { get; } =
        AttributionTableBuilder.Build(new AttributionOptions(), [])
        ?? throw new InvalidOperationException("the built-in attribution has faults");

    /// <summary>
    /// Derived from the content alone, never negative: the same settings give the same version on every node and start.
    /// </summary>
    public long Version { get; }

    /// <summary>What the version is derived from and the table can be made of again: <see cref="AttributionText"/>.</summary>
    public ReadOnlyMemory<byte> Content { get; }

    /// <summary>The key table spans must be decoded with for the configured keys to be seen.</summary>
    public AttributeKeyTable Keys { get; }

    /// <summary>Names of all dimensions: the built-in ones first, then the configured ones in name order.</summary>
    public IReadOnlyList<string> Dimensions { get; }

    /// <summary>Services whose tool loops report running totals.</summary>
    internal FrozenSet<string> CumulativeLoopServices { get; }

    internal ModelDeployments Deployments { get; }

    internal int SlotCount => Dimensions.Count * 2;

    internal ReadOnlySpan<DimensionUse> UsesOf(ushort key)
    {
        if (key < KnownKeys.BuiltInIdEnd) return builtInUses[key];
        var index = key - AttributeKeyTable.FirstConfiguredId;
        return index >= 0 && index < configuredUses.Length ? configuredUses[index] : [];
    }

    internal string Map(int dimension, string value) =>
        mappings[dimension] is { } mapping && mapping.TryGetValue(value, out var mapped) ? mapped : value;

    internal string ByRule(int dimension, in RuleSubject subject)
    {
        foreach (var rule in rules[dimension])
        {
            if (rule.Holds(in subject)) return rule.Value;
        }
        return "";
    }

    internal int IndexOf(string dimension)
    {
        for (var i = 0; i < Dimensions.Count; i++)
        {
            if (Dimensions[i] == dimension) return i;
        }
        return -1;
    }
}
