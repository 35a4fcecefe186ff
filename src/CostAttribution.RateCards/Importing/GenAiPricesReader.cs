using System.Globalization;
using System.Text.Json;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.RateCards.Importing;

/// <summary>
/// Reads genai-prices' v2 <c>data.json</c>: a list of providers, US dollars for the quantity that a key names, conditional
/// prices by date and by hour of the day, the last that applies being the price.
/// </summary>
internal sealed class GenAiPricesReader(ImportFile file, ImportFindings findings)
{
    private static readonly string[] ProviderFields =
    [
        "id", "name", "api_pattern", "pricing_urls", "description", "price_comments", "model_match", "provider_match",
        "extractors", "fallback_model_providers", "models",
    ];

    private static readonly string[] ModelFields =
    [
        "id", "name", "description", "match", "context_window", "prices", "price_comments", "prices_checked",
        "price_discrepancies", "collapse", "deprecated", "removed",
    ];

    private readonly List<ImportedModel> models = [];
    private int providersRead;

    /// <summary>Throws <see cref="JsonException"/> when the file is not JSON of this form.</summary>
    public IReadOnlyList<ImportedModel> Read()
    {
        JsonEntries.OfList(file.Utf8.Span, Provider);
        if (providersRead == 0) throw new JsonException("no provider has a list of models");
        return models;
    }

    private void Provider(string index, JsonElement provider)
    {
        var id = JsonEntries.Text(provider, "id");
        if (string.IsNullOrWhiteSpace(id) || !provider.TryGetProperty("models", out var list)
            || list.ValueKind != JsonValueKind.Array)
        {
            Add(ImportFindingKind.Refused, index, "a provider needs an id and a list of models");
            return;
        }
        providersRead++;
        Unknown(provider, ProviderFields, id, "");
        var url = provider.TryGetProperty("pricing_urls", out var urls) && urls.ValueKind == JsonValueKind.Array
            && urls.GetArrayLength() > 0 && urls[0].ValueKind == JsonValueKind.String ? urls[0].GetString() ?? "" : "";
        var found = new List<ImportedModel>();
        var at = 0;
        foreach (var model in list.EnumerateArray())
        {
            var name = JsonEntries.Text(model, "id").ToLowerInvariant();
            var path = $"{id}/{(name.Length > 0 ? name : $"[{at}]")}";
            at++;
            if (name.Length is 0 or > 250) Add(ImportFindingKind.Refused, path, "the model has no id, or one that is too long");
            else if (Model(id, name, path, model) is { } read) found.Add(read with { Url = url });
        }
        models.AddRange(GenAiOrder.Keep(found, (path, reason) => Add(ImportFindingKind.Warning, path, reason)));
    }

    private ImportedModel? Model(string provider, string id, string path, JsonElement model)
    {
        Unknown(model, ModelFields, path, "models.");
        if (!model.TryGetProperty("prices", out var prices) || !model.TryGetProperty("match", out var tree))
        {
            Add(ImportFindingKind.Refused, path, "the model lacks prices or match");
            return null;
        }
        var seller = SourceProviders.SellerOf(provider);
        var providers = seller.Length == 0 ? SourceProviders.Of(provider) : SourceProviders.BehindSeller(id);
        if (providers is null)
        {
            Add(ImportFindingKind.NotExpressible, path, $"seller '{seller}' does not say whose model it is");
            return null;
        }
        if (id.Contains('*'))
        {
            Add(ImportFindingKind.NotExpressible, path, "not a name that a rule can hold");
            return null;
        }
        var bedrock = providers[0] == "aws.bedrock" && seller.Length == 0;
        var (name, region) = bedrock ? BedrockNames.Split(id) : (id, "");
        var match = new GenAiMatch(bedrock ? text => BedrockNames.Split(text).Model : text => text);
        match.Add(new ModelRule(ModelRuleKind.Equals, name));
        if (seller.Length > 0 && SourceProviders.Alias(id) is { } alias) match.Add(new ModelRule(ModelRuleKind.Equals, alias));
        match.Read(tree);
        foreach (var branch in match.Unsayable)
            Add(ImportFindingKind.NotExpressible, $"{path}.match",
                $"no rule says '{branch}'; names that only it matches have no price");
        var (found, lost) = Prices(prices, $"{path}.prices");
        if (found.Count + lost.Count == 0)
        {
            Add(ImportFindingKind.NoPrice, path, "the model is listed without prices");
            return null;
        }
        return new ImportedModel
        {
            Source = file.Source, Key = path, Providers = providers, Seller = seller, Model = name, Region = region,
            Match = match.Rules, Except = match.Excepts, Prices = found, Lost = lost,
        };
    }

    private (List<ImportedPrice> Found, List<ImportedPrice> Lost) Prices(JsonElement prices, string path)
    {
        var (found, lost) = (new List<ImportedPrice>(), new List<ImportedPrice>());
        if (prices.ValueKind != JsonValueKind.Array)
        {
            Gather(new PriceLines(file, findings, path), prices, path, null);
            return (found, lost);
        }
        var conditions = new List<GenAiCondition>();
        foreach (var entry in prices.EnumerateArray())
        {
            var entryPath = $"{path}[{conditions.Count}]";
            if (GenAiCondition.From(entry, entryPath) is { } condition) conditions.Add(condition);
            else
            {
                // Which price holds when is all or nothing.
                Add(ImportFindingKind.Refused, entryPath,
                    "the entry has no prices, or a condition that is neither a date nor hours");
                new PriceLines(file, findings, path).Lose(entryPath);
                return (found, [new ImportedPrice("", default, 1, entryPath) { Window = new DailyWindow(0, 1, Rational.One) }]);
            }
        }
        foreach (var period in GenAiCondition.Periods(conditions))
        {
            foreach (var (condition, windows) in period.Active)
            {
                var lines = new PriceLines(file, findings, path) { FromNanos = period.FromNanos, ToNanos = period.ToNanos };
                if (windows.Count == 0) Gather(lines, condition.Prices, condition.Path, null);
                foreach (var window in windows) Gather(lines, condition.Prices, condition.Path, window);
            }
        }
        return (found, lost);

        void Gather(PriceLines lines, JsonElement set, string setPath, DailyWindow? window)
        {
            PriceSet(set, setPath, lines, window);
            found.AddRange(lines.Found.Except(found));
            lost.AddRange(lines.Lost.Except(lost));
        }
    }

    private void PriceSet(JsonElement set, string path, PriceLines lines, DailyWindow? window)
    {
        if (set.ValueKind != JsonValueKind.Object) return;
        foreach (var price in set.EnumerateObject())
        {
            var pricePath = $"{path}.{price.Name}";
            if (!GenAiUnits.TryRead(price.Name, out var unit, out var per))
            {
                findings.NotUnderstood(file, $"prices.{price.Name}", pricePath);
                continue;
            }
            if (GenAiUnits.Instead(price.Name) is { } other && set.TryGetProperty(other, out _)) continue;
            if (price.Value.ValueKind != JsonValueKind.Object) lines.Add(price.Value, pricePath, unit, per, "", 0, window);
            else Tiered(price.Value, pricePath, unit, per, lines, window);
        }
    }

    private void Tiered(JsonElement tiered, string path, string unit, long per, PriceLines lines, DailyWindow? window)
    {
        if (tiered.TryGetProperty("base", out var flat)) lines.Add(flat, $"{path}.base", unit, per, "", 0, window);
        if (!tiered.TryGetProperty("tiers", out var tiers) || tiers.ValueKind != JsonValueKind.Array) return;
        var at = 0;
        foreach (var tier in tiers.EnumerateArray())
        {
            var tierPath = $"{path}.tiers[{at++}]";
            if (tier.ValueKind == JsonValueKind.Object && tier.TryGetProperty("price", out var price)
                && tier.TryGetProperty("start", out var start) && start.ValueKind == JsonValueKind.Number
                && long.TryParse(start.GetRawText(), NumberStyles.None, CultureInfo.InvariantCulture, out var above) && above > 0)
            {
                lines.Add(price, tierPath, unit, per, "", above, window);
                continue;
            }
            Add(ImportFindingKind.Refused, tierPath, "a tier needs a price and a start above 0");
            lines.Lose(tierPath);
        }
    }

    private void Unknown(JsonElement from, string[] known, string path, string prefix)
    {
        foreach (var field in from.EnumerateObject())
        {
            if (!known.Contains(field.Name)) findings.NotUnderstood(file, prefix + field.Name, $"{path}.{field.Name}");
        }
    }

    private void Add(ImportFindingKind kind, string path, string reason) => findings.Add(kind, file, path, reason);
}
