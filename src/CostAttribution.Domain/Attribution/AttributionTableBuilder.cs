using System.Collections.Frozen;
using CostAttribution.Domain.Tracing;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Domain.Attribution;

/// <summary>Checks attribution settings, collecting every fault, and compiles them.</summary>
public static class AttributionTableBuilder
{
    /// <summary>Dimensions beside the built-in ones; keeps a span's slots within one 64-bit mask.</summary>
    public const int ExtraDimensionsMax = 20;

    public const int KeysPerDimensionMax = 1000;
    public const int RulesMax = 10_000;
    public const int NameCharactersMax = 200;
    public const int ServicesMax = 1000;
    public const int DeploymentsMax = 10_000;

    /// <summary>The table, or null when <paramref name="faults"/> received at least one message.</summary>
    public static AttributionTable? Build(AttributionOptions options, ICollection<string> faults) => Build(options, null, faults);

    /// <param name="keys">
    /// The key table spans are already decoded with; configured keys it does not have are never seen. Null makes one that has
    /// them all (<see cref="AttributionTable.Keys"/>).
    /// </param>
    public static AttributionTable? Build(AttributionOptions options, AttributeKeyTable? keys, ICollection<string> faults)
    {
        var before = faults.Count;
        var extra = options.Dimensions.Keys.Where(name => !DimensionNames.BuiltIn.Contains(name, StringComparer.Ordinal))
            .Order(StringComparer.Ordinal).ToArray();
        CheckDimensions(options, extra, faults);
        string[] dimensions = [.. DimensionNames.BuiltIn, .. extra];
        var rules = CompileRules(options, dimensions, faults);
        var loops = CumulativeLoops(options, faults);
        var deployments = CompileDeployments(options, faults);
        if (faults.Count > before) return null;

        keys ??= new AttributeKeyTable(options.Dimensions.Values.SelectMany(dimension =>
            dimension.Keys.Concat(dimension.FallbackKeys)));
        var uses = new List<(ushort, DimensionUse)>();
        var mappings = new FrozenDictionary<string, string>?[dimensions.Length];
        for (var i = 0; i < dimensions.Length; i++)
        {
            var configured = options.Dimensions.TryGetValue(dimensions[i], out var found) ? found : new DimensionOptions();
            var (defaults, fallbacks) = i < DimensionNames.BuiltIn.Count && !configured.ReplaceDefaultKeys
                ? DefaultDimensionKeys.Of((Dimension)i) : ([], []);
            AddUses(uses, keys, (byte)(i * 2), configured.Keys.Concat(defaults));
            AddUses(uses, keys, (byte)(i * 2 + 1), configured.FallbackKeys.Concat(fallbacks));
            if (configured.Values.Count > 0) mappings[i] = configured.Values.ToFrozenDictionary(StringComparer.Ordinal);
        }
        var content = AttributionText.Write(keys, dimensions, uses, mappings, rules, loops, deployments);
        return new AttributionTable(content, keys, dimensions, uses, mappings, rules, loops, deployments);
    }

    private static string[] CumulativeLoops(AttributionOptions options, ICollection<string> faults)
    {
        const string at = AttributionOptions.Section + ":CumulativeLoopServices";
        if (options.CumulativeLoopServices.Count > ServicesMax)
            faults.Add($"{at} names {options.CumulativeLoopServices.Count} services; the limit is {ServicesMax}");
        if (options.CumulativeLoopServices.Any(service => service.Length is 0 or > NameCharactersMax))
            faults.Add($"{at} has a service name that is empty or longer than {NameCharactersMax} characters");
        return [.. options.CumulativeLoopServices.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    private static ModelDeployments CompileDeployments(AttributionOptions options, ICollection<string> faults)
    {
        const string at = AttributionOptions.Section + ":Deployments";
        if (options.Deployments.Count > DeploymentsMax)
            faults.Add($"{at} has {options.Deployments.Count} entries; the limit is {DeploymentsMax}");
        var seen = new Dictionary<(string Provider, string Name), string>();
        for (var i = 0; i < options.Deployments.Count; i++)
        {
            var item = options.Deployments[i];
            var provider = ProviderNames.Canonical(item.Provider) is { Length: > 0 } known ? known : item.Provider;
            if (item.Name.Length is 0 or > NameCharactersMax || item.Model.Length is 0 or > NameCharactersMax)
                faults.Add($"{at}:{i} needs a Name and a Model of at most {NameCharactersMax} characters");
            else if (!seen.TryAdd((provider, item.Name.ToLowerInvariant()), item.Model))
                faults.Add($"{at}:{i}:Name '{item.Name}' is there twice for one provider; keep one");
        }
        // In an order of their own: the same settings give the same version.
        return new ModelDeployments([.. seen.Select(item => (item.Key.Provider, item.Key.Name, item.Value))
            .OrderBy(item => item.Provider, StringComparer.Ordinal).ThenBy(item => item.Name, StringComparer.Ordinal)]);
    }

    private static void AddUses(List<(ushort, DimensionUse)> uses, AttributeKeyTable keys, byte slot, IEnumerable<string> names)
    {
        ushort rank = 0;
        foreach (var name in names.Distinct(StringComparer.Ordinal))
        {
            if (keys.TryGet(name, out var key)) uses.Add((key.Id, new DimensionUse(slot, rank)));
            rank++;
        }
    }

    private static void CheckDimensions(AttributionOptions options, string[] extra, ICollection<string> faults)
    {
        const string at = AttributionOptions.Section + ":Dimensions";
        if (extra.Length > ExtraDimensionsMax)
            faults.Add($"{at} names {extra.Length} dimensions of your own; the limit is {ExtraDimensionsMax}");
        foreach (var name in extra)
        {
            if (name.Length is 0 or > 64 || !name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-' or '.'))
                faults.Add($"{at}:{name} is no dimension name; use 1 to 64 letters, digits, '_', '-' or '.'");
        }
        foreach (var (name, dimension) in options.Dimensions)
        {
            var keys = dimension.Keys.Concat(dimension.FallbackKeys).ToArray();
            if (keys.Length > KeysPerDimensionMax)
                faults.Add($"{at}:{name} has {keys.Length} keys; the limit is {KeysPerDimensionMax}");
            if (Array.Exists(keys, key => key.Length is 0 or > NameCharactersMax))
                faults.Add($"{at}:{name} has an attribute name that is empty or longer than {NameCharactersMax} characters");
            var replaced = dimension.ReplaceDefaultKeys || extra.Contains(name, StringComparer.Ordinal);
            if (keys.Length == 0 && replaced && !options.Rules.Any(rule => rule.Dimension == name))
                faults.Add($"{at}:{name} has neither keys nor rules, so it would always be empty; add Keys");
        }
    }

    private static List<AttributionRule> CompileRules(AttributionOptions options, string[] dimensions, ICollection<string> faults)
    {
        const string at = AttributionOptions.Section + ":Rules";
        var rules = new List<AttributionRule>();
        if (options.Rules.Count > RulesMax) faults.Add($"{at} has {options.Rules.Count} rules; the limit is {RulesMax}");
        for (var i = 0; i < options.Rules.Count; i++)
        {
            var rule = options.Rules[i];
            var compiled = new AttributionRule(Array.IndexOf(dimensions, rule.Dimension), rule.Value, rule.Service, rule.Provider,
                rule.ProviderProject, rule.ProviderKey);
            if (compiled.Dimension < 0)
                faults.Add($"{at}:{i}:Dimension '{rule.Dimension}' is unknown; use one of {string.Join(", ", dimensions)}");
            if (rule.Value.Length == 0) faults.Add($"{at}:{i}:Value is empty");
            // Ignored, it would leave a rule that holds for more than was meant.
            if (rule.IngestKey.Length > 0)
                faults.Add($"{at}:{i}:IngestKey is no condition: spans do not carry the key they came in under; leave it out");
            else if (!compiled.HasCondition)
                faults.Add($"{at}:{i} has no condition; give Service, Provider, ProviderProject or ProviderKey");
            rules.Add(compiled);
        }
        return rules;
    }
}
