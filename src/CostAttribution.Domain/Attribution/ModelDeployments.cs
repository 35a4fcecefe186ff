using System.Collections.Frozen;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Domain.Attribution;

/// <summary>Which model a deployment's name stands for.</summary>
internal sealed class ModelDeployments(IReadOnlyList<(string Provider, string Name, string Model)> all)
{
    private readonly FrozenDictionary<(string Provider, string Name), ModelName> models =
        all.ToFrozenDictionary(item => (item.Provider, item.Name), item => ModelName.Parse(item.Model));

    /// <summary>Names in lower case, in order.</summary>
    public IReadOnlyList<(string Provider, string Name, string Model)> All { get; } = all;

    /// <summary>The model behind a name; null when it is no deployment's.</summary>
    public ModelName? ModelOf(string provider, string name)
    {
        if (models.Count == 0 || name.Length == 0) return null;
        var key = name.ToLowerInvariant();
        return models.GetValueOrDefault((provider, key)) ?? models.GetValueOrDefault(("", key));
    }
}
