using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;

namespace CostAttribution.RateCards.Importing;

/// <summary>
/// Reads models.dev's <c>api.json</c>: one object of providers, each with its models; US dollars per million.
/// </summary>
internal sealed class ModelsDevReader(ImportFile file, ImportFindings findings)
{
    private const long Million = 1_000_000;

    /// <summary>Total input beyond which the older block <c>context_over_200k</c> holds.</summary>
    private const long OldThreshold = 200_000;

    private static readonly FrozenDictionary<string, string> Units = new Dictionary<string, string>
    {
        ["input"] = UsageUnits.InputTokens, ["output"] = UsageUnits.OutputTokens, ["reasoning"] = UsageUnits.ReasoningTokens,
        ["cache_read"] = UsageUnits.CacheReadTokens, ["cache_write"] = UsageUnits.CacheWriteTokens,
        ["input_audio"] = UsageUnits.AudioInputTokens, ["output_audio"] = UsageUnits.AudioOutputTokens,
    }.ToFrozenDictionary();

    private static readonly string[] ProviderFields = ["id", "env", "npm", "api", "name", "doc", "models"];

    private static readonly string[] ModelFields =
    [
        "id", "name", "family", "description", "attachment", "reasoning", "reasoning_options", "tool_call", "structured_output",
        "temperature", "knowledge", "release_date", "last_updated", "modalities", "open_weights", "limit", "status", "cost",
        "experimental", "provider", "interleaved",
    ];

    private readonly List<ImportedModel> models = [];
    private readonly HashSet<string> paths = [];
    private int providersRead;

    /// <summary>Throws <see cref="JsonException"/> when the file is not JSON of this form.</summary>
    public IReadOnlyList<ImportedModel> Read()
    {
        JsonEntries.OfObject(file.Utf8.Span, Provider);
        if (providersRead == 0) throw new JsonException("no provider has an object of models");
        return models;
    }

    private void Provider(string id, JsonElement provider)
    {
        if (string.IsNullOrWhiteSpace(id) || provider.ValueKind != JsonValueKind.Object
            || !provider.TryGetProperty("models", out var list) || list.ValueKind != JsonValueKind.Object)
        {
            findings.Add(ImportFindingKind.Refused, file, id, "a provider needs a name and an object of models");
            return;
        }
        providersRead++;
        Unknown(provider, ProviderFields, id, "");
        var url = JsonEntries.Text(provider, "doc");
        foreach (var model in list.EnumerateObject())
        {
            var path = $"{id}/{model.Name}";
            if (!paths.Add(path))
            {
                models.RemoveAll(read => read.Key == path);
                findings.Add(ImportFindingKind.Refused, file, path, "the model stands twice; no entry of it is used");
            }
            else if (model.Value.ValueKind == JsonValueKind.Object)
                Model(id, model.Name.ToLowerInvariant(), path, model.Value, url);
            else findings.Add(ImportFindingKind.Refused, file, path, "the model is not an object");
        }
    }

    private void Model(string provider, string id, string path, JsonElement model, string url)
    {
        Unknown(model, ModelFields, path, "models.");
        if (!model.TryGetProperty("cost", out var cost) || cost.ValueKind != JsonValueKind.Object)
        {
            findings.Add(ImportFindingKind.NoPrice, file, path, "the model is listed without prices");
            return;
        }
        var seller = SourceProviders.SellerOf(provider);
        var providers = seller.Length == 0 ? SourceProviders.Of(provider) : SourceProviders.BehindSeller(id);
        if (providers is null || id.Length is 0 or > 256 || id.Contains('*'))
        {
            findings.Add(ImportFindingKind.NotExpressible, file, path, providers is null
                ? $"seller '{seller}' does not say whose model it is" : "not a name that a rule can hold");
            return;
        }
        var (name, region) = providers[0] == "aws.bedrock" && seller.Length == 0 ? BedrockNames.Split(id) : (id, "");
        var lines = new PriceLines(file, findings, path);
        Cost(cost, $"{path}.cost", "", lines);
        Modes(model, path, lines);
        if (lines.Count == 0) findings.Add(ImportFindingKind.NoPrice, file, path, "the model is listed without prices");
        else models.Add(new ImportedModel
        {
            Source = file.Source, Key = path, Providers = providers, Seller = seller, Model = name, Region = region,
            Match = LiteLlmKeys.RulesOf(name), Url = url, Prices = lines.Found, Lost = lines.Lost,
        });
    }

    private void Cost(JsonElement cost, string path, string tier, PriceLines lines)
    {
        var hasTiers = cost.TryGetProperty("tiers", out var tiers) && tiers.ValueKind == JsonValueKind.Array;
        foreach (var field in cost.EnumerateObject())
        {
            var fieldPath = $"{path}.{field.Name}";
            if (Units.TryGetValue(field.Name, out var unit)) lines.Add(field.Value, fieldPath, unit, Million, tier, 0);
            else if (field.Name == "tiers" && hasTiers) Tiers(tiers, fieldPath, tier, lines);
            else if (field is { Name: "context_over_200k", Value.ValueKind: JsonValueKind.Object })
            {
                // The same figures as the tiers, for older readers.
                if (!hasTiers) Band(field.Value, fieldPath, tier, OldThreshold, lines);
            }
            else findings.NotUnderstood(file, $"cost.{field.Name}", fieldPath);
        }
    }

    private void Tiers(JsonElement tiers, string path, string tier, PriceLines lines)
    {
        var at = 0;
        foreach (var band in tiers.EnumerateArray())
        {
            var bandPath = $"{path}[{at++}]";
            if (band.ValueKind == JsonValueKind.Object && band.TryGetProperty("tier", out var what)
                && JsonEntries.Text(what, "type") == "context" && what.TryGetProperty("size", out var size)
                && size.ValueKind == JsonValueKind.Number
                && long.TryParse(size.GetRawText(), NumberStyles.None, CultureInfo.InvariantCulture, out var above) && above > 0)
            {
                Band(band, bandPath, tier, above, lines);
                continue;
            }
            findings.Add(ImportFindingKind.NotExpressible, file, bandPath, "not a tier by size of the context");
            lines.Lose(bandPath);
        }
    }

    private void Band(JsonElement band, string path, string tier, long above, PriceLines lines)
    {
        foreach (var field in band.EnumerateObject())
        {
            if (field.Name == "tier") continue;
            var fieldPath = $"{path}.{field.Name}";
            if (Units.TryGetValue(field.Name, out var unit)) lines.Add(field.Value, fieldPath, unit, Million, tier, above);
            else findings.NotUnderstood(file, $"cost.tiers.{field.Name}", fieldPath);
        }
    }

    /// <summary>Modes such as a fast one are sold under a service tier of that name.</summary>
    private void Modes(JsonElement model, string path, PriceLines lines)
    {
        if (!model.TryGetProperty("experimental", out var experimental) || experimental.ValueKind != JsonValueKind.Object
            || !experimental.TryGetProperty("modes", out var modes) || modes.ValueKind != JsonValueKind.Object) return;
        foreach (var mode in modes.EnumerateObject())
        {
            if (mode.Value.ValueKind == JsonValueKind.Object && mode.Value.TryGetProperty("cost", out var cost)
                && cost.ValueKind == JsonValueKind.Object && !ServiceTiers.IsStandard(mode.Name.ToLowerInvariant()))
            {
                Cost(cost, $"{path}.experimental.modes.{mode.Name}.cost", mode.Name.ToLowerInvariant(), lines);
            }
        }
    }

    private void Unknown(JsonElement from, string[] known, string path, string prefix)
    {
        foreach (var field in from.EnumerateObject())
        {
            if (!known.Contains(field.Name)) findings.NotUnderstood(file, prefix + field.Name, $"{path}.{field.Name}");
        }
    }
}
