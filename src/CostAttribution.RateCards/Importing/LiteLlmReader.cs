using System.Text.Json;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;

namespace CostAttribution.RateCards.Importing;

/// <summary>
/// Reads LiteLLM's <c>model_prices_and_context_window.json</c>: one object, a model a key, US dollars for the unit that a
/// field names.
/// </summary>
internal sealed class LiteLlmReader(ImportFile file, ImportFindings findings)
{
    /// <summary>No provider asks more or less than this for a region or a speed; what lies beyond is a mix-up.</summary>
    private static readonly Rational FactorLeast = new(1, 20), FactorMost = new(20, 1);

    private readonly List<ImportedModel> models = [];
    private readonly HashSet<string> keys = [];
    private int entries;

    /// <summary>Throws <see cref="JsonException"/> when the file is not JSON of this form.</summary>
    public IReadOnlyList<ImportedModel> Read()
    {
        JsonEntries.OfObject(file.Utf8.Span, Entry);
        if (entries == 0) throw new JsonException("no entry names a litellm_provider");
        return models;
    }

    private void Entry(string key, JsonElement entry)
    {
        if (key == "sample_spec") return;
        if (entry.ValueKind != JsonValueKind.Object) Add(ImportFindingKind.Refused, key, "the entry is not an object");
        else if (!keys.Add(key))
        {
            models.RemoveAll(model => model.Key == key);
            Add(ImportFindingKind.Refused, key, "the key stands twice; no entry of it is used");
        }
        else if (JsonEntries.Text(entry, "litellm_provider").Trim() is not { Length: > 0 } provider)
            Add(ImportFindingKind.Refused, key, "no litellm_provider, so nobody knows who bills");
        else
        {
            entries++;
            Entry(key, entry, LiteLlmKeys.Parse(key, provider));
        }
    }

    private void Entry(string key, JsonElement entry, LiteLlmKeys.Parts parts)
    {
        var lines = new PriceLines(file, findings, key, parts.Tier);
        var factors = new List<ImportedFactor>();
        var mode = JsonEntries.Text(entry, "mode");
        foreach (var field in entry.EnumerateObject())
        {
            var path = $"{key}.{field.Name}";
            if (field.Value.ValueKind == JsonValueKind.Null || LiteLlmFields.IsDescriptive(field.Name)) continue;
            if (LiteLlmFields.TryRead(field.Name, mode, out var meaning))
            {
                if (meaning.Problem.Length > 0) Add(ImportFindingKind.NotExpressible, path, meaning.Problem);
                else lines.Add(field.Value, path, meaning.Unit, meaning.Per, meaning.Tier, meaning.Above);
            }
            else if (!Structure(field, path, entry, lines, factors)) findings.NotUnderstood(file, field.Name, path);
        }
        if (lines.Count == 0 && factors.Count == 0) return;
        if (parts.Problem.Length > 0)
        {
            Add(ImportFindingKind.NotExpressible, key, parts.Problem);
            return;
        }
        models.Add(new ImportedModel
        {
            Source = file.Source, Key = key, Providers = parts.Providers, Seller = parts.Seller, Model = parts.Model,
            Region = parts.Region, Match = parts.Match, Url = JsonEntries.Text(entry, "source"), Prices = lines.Found,
            Lost = lines.Lost, Factors = factors,
        });
    }

    private bool Structure(JsonProperty field, string path, JsonElement entry, PriceLines lines, List<ImportedFactor> factors)
    {
        switch (field.Name)
        {
            case "regional_processing_uplift_multiplier_eu": return Factor(field.Value, path, "eu", "", factors);
            case "regional_processing_uplift_multiplier_us": return Factor(field.Value, path, "us", "", factors);
            case "regional_endpoint_uplift_multiplier": return Factor(field.Value, path, "*", "", factors);
            case "provider_specific_entry" when field.Value.ValueKind == JsonValueKind.Object:
                foreach (var own in field.Value.EnumerateObject())
                {
                    var ownPath = $"{path}.{own.Name}";
                    if (own.Name is "us" or "eu") Factor(own.Value, ownPath, own.Name, "", factors);
                    else if (own.Name == "fast") Factor(own.Value, ownPath, "", "fast", factors);
                    else findings.NotUnderstood(file, $"provider_specific_entry.{own.Name}", ownPath);
                }
                return true;
            case "search_context_cost_per_query" when field.Value.ValueKind == JsonValueKind.Object:
                Search(field.Value, path, JsonEntries.Text(entry, "web_search_billing_unit"), lines);
                return true;
            case "tiered_pricing" when field.Value.ValueKind == JsonValueKind.Array:
                Tiered(field.Value, path, lines);
                return true;
            case "off_peak_pricing" when field.Value.ValueKind == JsonValueKind.Object:
                OffPeak(field.Value, path, lines);
                return true;
            default: return false;
        }
    }

    private bool Factor(JsonElement value, string path, string region, string tier, List<ImportedFactor> factors)
    {
        if (value.ValueKind != JsonValueKind.Number || !ExactNumber.TryRead(value.GetRawText(), out var factor, out _)
            || factor.IsZero)
        {
            Add(ImportFindingKind.Refused, path, "a factor must be a number above 0");
        }
        else if (ExactNumber.Compare(factor, FactorLeast) < 0 || ExactNumber.Compare(factor, FactorMost) > 0
            || ExactNumber.ToPlain(factor) is null)
        {
            Add(ImportFindingKind.Refused, path,
                $"a factor lies within 0.05 and 20, this is {value.GetRawText()}: percent for a share?");
        }
        else factors.Add(new ImportedFactor(region, tier, factor, path));
        return true;
    }

    /// <summary>One price where all sizes of context cost the same, else one for each.</summary>
    private void Search(JsonElement value, string path, string billing, PriceLines lines)
    {
        const string start = "search_context_size_";
        var sizes = value.EnumerateObject().Where(size => size.Value.ValueKind != JsonValueKind.Null).ToArray();
        if (sizes.Length == 0) return;
        if (billing == "per_prompt")
        {
            Add(ImportFindingKind.NotExpressible, path, "billed by prompt with search, not by search");
        }
        else if (sizes.All(size => size.Value.GetRawText() == sizes[0].Value.GetRawText()))
        {
            lines.Add(sizes[0].Value, path, UsageUnits.WebSearches, 1, "", 0);
        }
        else foreach (var size in sizes)
        {
            var name = size.Name.StartsWith(start, StringComparison.Ordinal) ? size.Name[start.Length..] : "";
            if (name is "low" or "medium" or "high")
                lines.Add(size.Value, $"{path}.{size.Name}", ImportUnits.WebSearchesOf(name), 1, "", 0);
            else findings.NotUnderstood(file, $"search_context_cost_per_query.{size.Name}", path);
        }
    }

    private void Tiered(JsonElement list, string path, PriceLines lines)
    {
        var index = 0;
        foreach (var tier in list.EnumerateArray())
        {
            var tierPath = $"{path}[{index++}]";
            if (tier.ValueKind != JsonValueKind.Object || !tier.TryGetProperty("range", out var range)
                || range.ValueKind != JsonValueKind.Array || range.GetArrayLength() == 0 || !TryWhole(range[0], out var above))
            {
                Add(ImportFindingKind.NotExpressible, tierPath, "not a tier by tokens of input");
                lines.Lose(tierPath);
                continue;
            }
            foreach (var field in tier.EnumerateObject())
            {
                if (field.Name == "range") continue;
                var fieldPath = $"{tierPath}.{field.Name}";
                if (LiteLlmFields.TryRead(field.Name, "", out var meaning) && meaning is { Problem: "", Above: 0 })
                    lines.Add(field.Value, fieldPath, meaning.Unit, meaning.Per, meaning.Tier, above);
                else findings.NotUnderstood(file, $"tiered_pricing.{field.Name}", fieldPath);
            }
        }
    }

    private static bool TryWhole(JsonElement value, out long whole)
    {
        whole = 0;
        if (value.ValueKind != JsonValueKind.Number || !ExactNumber.TryRead(value.GetRawText(), out var number, out _)
            || !number.Denominator.IsOne || number.Numerator > 1_000_000_000) return false;
        whole = (long)number.Numerator;
        return true;
    }

    private void OffPeak(JsonElement block, string path, PriceLines lines)
    {
        if (block.EnumerateObject().All(field => field.Value.ValueKind == JsonValueKind.Null)) return;
        if (LiteLlmHours.Read(block, out var problem) is not { } windows)
        {
            Add(ImportFindingKind.NotExpressible, path, problem);
            lines.Lose(path);
            return;
        }
        foreach (var field in block.EnumerateObject())
        {
            if (field.Name is "hours_utc" or "weekdays" or "windows" or "weekday_timezone") continue;
            var fieldPath = $"{path}.{field.Name}";
            if (!LiteLlmFields.TryRead(field.Name, "", out var meaning) || meaning is not { Problem: "", Above: 0, Tier: "" })
            {
                findings.NotUnderstood(file, $"off_peak_pricing.{field.Name}", fieldPath);
                lines.Lose(fieldPath);
                continue;
            }
            foreach (var window in windows) lines.Add(field.Value, fieldPath, meaning.Unit, meaning.Per, "", 0, window);
        }
    }

    private void Add(ImportFindingKind kind, string path, string reason) => findings.Add(kind, file, path, reason);
}
