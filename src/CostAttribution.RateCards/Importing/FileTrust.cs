namespace CostAttribution.RateCards.Importing;

/// <summary>
/// Whether a file can be believed where nobody else says the same. One that is off by one factor wherever it can be compared
/// is in another unit throughout.
/// </summary>
internal static class FileTrust
{
    /// <summary>Models that must be off by the same factor, so that a slip or two does not condemn the rest.</summary>
    private const int OffLeast = 3;

    public static List<ImportedModel> Judge(IReadOnlyList<ImportedModel> models, PlausibilityCheck check,
        Action<ImportFindingKind, ImportSource, string, string> tell)
    {
        var judged = models.Select(model => check.Judge(model,
            (kind, path, reason) => tell(kind, model.Source, path, reason))).ToList();
        var off = judged.Where(entry => entry is { Confirmed: false, Factor.Length: > 0 }).GroupBy(entry => entry.Factor)
            .Select(group => (Factor: group.Key, Count: group.Count())).OrderByDescending(group => group.Count)
            .FirstOrDefault();
        var confirmed = judged.Count(entry => entry.Confirmed);
        if (off.Count < OffLeast || off.Count <= confirmed) return [.. judged.Select(entry => entry.Model)];
        return [.. judged.Select(entry =>
            entry.Confirmed || entry.Model.Prices.Count == 0 ? entry.Model : Distrusted(entry.Model))];

        ImportedModel Distrusted(ImportedModel model)
        {
            tell(ImportFindingKind.Refused, model.Source, model.Key,
                $"nobody confirms it, and {off.Count} of {off.Count + confirmed} models of this file that others price too are "
                + $"off by a factor of {off.Factor}");
            return model with { Prices = [], Lost = [.. model.Lost, .. model.Prices] };
        }
    }
}
