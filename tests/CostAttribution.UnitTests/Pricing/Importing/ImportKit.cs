using System.Text;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;
using CostAttribution.RateCards;
using CostAttribution.RateCards.Importing;
using static CostAttribution.UnitTests.Pricing.PricingKit;

namespace CostAttribution.UnitTests.Pricing.Importing;

/// <summary>Imports of small files over a small book.</summary>
internal static class ImportKit
{
    public const string Day = "2026-11-20";

    public static ImportFile LiteLlm(string json) => File(ImportSource.LiteLlm, "litellm.json", json);

    public static ImportFile GenAi(string json) => File(ImportSource.GenAiPrices, "data.json", json);

    public static ImportFile ModelsDev(string json) => File(ImportSource.ModelsDev, "api.json", json);

    /// <summary>One model of provider <c>acme</c> in each format.</summary>
    public static ImportFile LiteLlmModel(string fields, string key = "acme/m") =>
        LiteLlm($$"""{ "{{key}}": { "litellm_provider": "acme", "mode": "chat", {{fields}} } }""");

    public static ImportFile GenAiModel(string prices, string match = """{ "equals": "m" }""", string id = "m") =>
        GenAi($$"""[{ "id": "acme", "models": [{ "id": "{{id}}", "match": {{match}}, "prices": {{prices}} }] }]""");

    public static ImportFile ModelsDevModel(string cost) =>
        ModelsDev($$"""{ "acme": { "id": "acme", "models": { "m": { "id": "m", "cost": {{cost}} } } } }""");

    public static ImportRequest Over(string book, params ImportFile[] files) => new()
    {
        Files = files, InForce = book.Length == 0 ? [] : [("book.yaml", book)], RecordedAtNanos = Nanos("2026-11-22"),
        ChangesFromNanos = Nanos("2026-11-22"),
    };

    public static ImportPlan Plan(params ImportFile[] files) => Sound(RateImport.Plan(Over("", files)));

    public static ImportPlan PlanOver(string book, params ImportFile[] files) => Sound(RateImport.Plan(Over(book, files)));

    public static ImportPlan Sound(ImportPlan plan)
    {
        Assert.Empty(plan.Faults);
        return plan;
    }

    /// <summary>The request again, a day later, over what the plan wrote.</summary>
    public static ImportRequest After(this ImportRequest request, ImportPlan plan, params ImportFile[] files) => request with
    {
        InForce = [.. request.InForce, .. plan.Texts.Select((text, at) => ($"{request.RecordedAtNanos}-{at}.yaml", text))],
        RecordedAtNanos = request.RecordedAtNanos + 86_400_000_000_000, ChangesFromNanos = request.ChangesFromNanos + 86_400_000_000_000,
        Files = files.Length > 0 ? files : request.Files,
    };

    public static RateBook Book(this ImportRequest request, ImportPlan plan)
    {
        var loaded = RateCardLoader.Load([.. request.InForce, .. plan.Texts.Select((text, at) => ($"new-{at}.yaml", text))]);
        Assert.True(loaded.IsSound, loaded.FaultText);
        return loaded.Book;
    }

    /// <summary>The book of an import over nothing.</summary>
    public static RateBook Book(this ImportPlan plan) => Over("").Book(plan);

    /// <summary>What a million of one unit costs; null when it has no price.</summary>
    public static string? Million(this RateBook book, string unit, string provider = "acme", string model = "m", string at = "2026-11-25",
        string tier = "", string region = "", string? seller = null, long count = 1_000_000)
    {
        UsageVector usage = default;
        switch (unit)
        {
            case UsageUnits.InputTokens: usage.InputTokens = count; break;
            case UsageUnits.OutputTokens: usage.OutputTokens = count; break;
            case UsageUnits.CacheReadTokens: usage.CacheReadTokens = count; break;
            case UsageUnits.CacheWriteTokens: usage.CacheWriteTokens = count; break;
            case UsageUnits.CacheWrite1hTokens: usage.CacheWrite1hTokens = count; break;
            case UsageUnits.ReasoningTokens: usage.ReasoningTokens = count; break;
            default: usage.OtherUnits = [new UnitQuantity(unit, count)]; break;
        }
        var cost = book.Price(Call(provider, model, at, tier, region, seller: seller), in usage);
        return cost.Status == PriceStatus.Priced ? cost.Cost.ToString().TrimEnd('0').TrimEnd('.') : null;
    }

    public static string[] Lines(this ImportPlan plan, ImportFindingKind kind) =>
        [.. plan.Findings.Of(kind).Select(finding => $"{finding.Path}: {finding.Reason}")];

    private static ImportFile File(ImportSource source, string name, string json) =>
        new(source, name, Day, Encoding.UTF8.GetBytes(json));
}
