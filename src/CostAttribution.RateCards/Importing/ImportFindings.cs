namespace CostAttribution.RateCards.Importing;

/// <summary>Why something in a file did not become a price as it stands.</summary>
public enum ImportFindingKind : byte
{
    /// <summary>It cannot be right, or may not be used.</summary>
    Refused = 0,

    /// <summary>A rate card has no way to say it.</summary>
    NotExpressible = 1,

    /// <summary>Zero in a third party's file, which is not the same as free.</summary>
    NoPrice = 2,

    /// <summary>It was used, and deserves a look.</summary>
    Warning = 3,
}

/// <param name="Path">Key path in the file.</param>
public sealed record ImportFinding(ImportFindingKind Kind, ImportSource Source, string File, string Path, string Reason)
{
    public override string ToString() => $"{File}: {Path}: {Reason}";
}

/// <summary>A field the reader does not know.</summary>
/// <param name="Example">Path of the first entry that has it.</param>
public sealed record UnknownField(ImportSource Source, string Field, int Count, string Example);

/// <summary>What an import has to say besides prices. Nothing of a file is dropped without an entry here.</summary>
public sealed class ImportFindings
{
    /// <summary>Most findings listed; the rest are counted.</summary>
    public const int ListedMax = 100_000;

    private readonly List<ImportFinding> listed = [];
    private readonly Dictionary<(ImportSource, string), UnknownField> unknown = [];
    private readonly int[] counts = new int[4];

    public IReadOnlyList<ImportFinding> Listed => listed;

    public IEnumerable<UnknownField> UnknownFields => unknown.Values.OrderBy(seen => seen.Source)
        .ThenByDescending(seen => seen.Count).ThenBy(seen => seen.Field, StringComparer.Ordinal);

    public int CountOf(ImportFindingKind kind) => counts[(int)kind];

    public IEnumerable<ImportFinding> Of(ImportFindingKind kind) => listed.Where(finding => finding.Kind == kind);

    internal void Add(ImportFindingKind kind, ImportFile file, string path, string reason)
    {
        counts[(int)kind]++;
        if (listed.Count < ListedMax) listed.Add(new(kind, file.Source, file.Name, path, reason));
    }

    internal void NotUnderstood(ImportFile file, string field, string path)
    {
        var key = (file.Source, field);
        unknown[key] = unknown.TryGetValue(key, out var seen)
            ? seen with { Count = seen.Count + 1 } : new(file.Source, field, 1, path);
    }
}
