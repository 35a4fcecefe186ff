namespace CostAttribution.RateCards.Importing;

/// <summary>Where a price comes from.</summary>
public enum ImportSource : byte
{
    /// <summary>The rate book in force.</summary>
    Book = 0,
    GenAiPrices = 1,
    LiteLlm = 2,
    ModelsDev = 3,
}

/// <summary>Names of sources as the command line, cards and reports spell them.</summary>
public static class ImportSources
{
    /// <summary>Which source is believed first when nothing else is asked for: the book, then those that say more about
    /// units.</summary>
    public static IReadOnlyList<ImportSource> DefaultOrder { get; } =
        [ImportSource.Book, ImportSource.GenAiPrices, ImportSource.LiteLlm, ImportSource.ModelsDev];

    public static string NameOf(ImportSource source) => source switch
    {
        ImportSource.GenAiPrices => "genai-prices",
        ImportSource.LiteLlm => "litellm",
        ImportSource.ModelsDev => "models.dev",
        _ => "book",
    };

    /// <summary>Null for a name that is none.</summary>
    public static ImportSource? FromName(string name)
    {
        foreach (var source in DefaultOrder)
        {
            if (NameOf(source) == name) return source;
        }
        return null;
    }

    /// <summary>Where the public describes its prices, for rows that name no page of their own.</summary>
    internal static string HomeOf(ImportSource source) => source switch
    {
        ImportSource.GenAiPrices => "https://github.com/pydantic/genai-prices",
        ImportSource.LiteLlm => "https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json",
        _ => "https://models.dev",
    };
}
