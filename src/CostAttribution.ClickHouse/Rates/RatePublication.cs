using System.Text.Json;
using System.Text.Json.Serialization;

namespace CostAttribution.ClickHouse.Rates;

/// <summary>One file to be published.</summary>
/// <param name="Name">For messages; without directory.</param>
/// <param name="Text">YAML of docs/rate-cards.md.</param>
public sealed record RateFile(string Name, string Text);

/// <summary>Why files are refused.</summary>
/// <param name="File">Where.</param>
/// <param name="Line">From 1; 0 when it is about the file as a whole.</param>
/// <param name="Reason">What is wrong and what to do.</param>
public sealed record RateFault(string File, int Line, string Reason);

/// <summary>What became of files that were to be published.</summary>
public sealed record RatePublication
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly JsonSerializerOptions Indented = new(Json) { WriteIndented = true };

    /// <summary>Cards listed of each kind of change.</summary>
    public const int ListedMax = 200;

    /// <summary>The book in force is that of the files now; false for a dry run and a refusal.</summary>
    public required bool InForce { get; init; }

    /// <summary>Nothing was to be changed.</summary>
    public required bool DryRun { get; init; }

    /// <summary>Version of the book with the files; of the book in force when they are refused.</summary>
    public required string RateBookVersion { get; init; }

    /// <summary>Version of the book before.</summary>
    public required string PreviousVersion { get; init; }

    /// <summary>Files that say something new and are, or would be, kept.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>Cards that were not there, by id; the first ones.</summary>
    public IReadOnlyList<string> Added { get; init; } = [];

    /// <summary>Cards that price differently, by id; the first ones.</summary>
    public IReadOnlyList<string> Changed { get; init; } = [];

    /// <summary>Cards that no longer stand, by id; the first ones.</summary>
    public IReadOnlyList<string> Removed { get; init; } = [];

    /// <summary>Cards added, changed and removed, those included that are not listed.</summary>
    public int CardsTouched { get; init; }

    /// <summary>
    /// Attributes that cost rules of the book read and this server does not decode before its next start; until then the rules
    /// do not find them on spans.
    /// </summary>
    public IReadOnlyList<string> ReadAfterRestart { get; init; } = [];

    /// <summary>Everything that stands in the way; empty when nothing does.</summary>
    public IReadOnlyList<RateFault> Faults { get; init; } = [];

    /// <summary>
    /// The dry run that tells what re-pricing by this book would change, for <c>/api/v1/repricings</c>; empty when none began.
    /// </summary>
    public string Repricing { get; init; } = "";

    public string ToJson(bool indented = false) => JsonSerializer.Serialize(this, indented ? Indented : Json);

    /// <summary>Reads what <see cref="ToJson"/> wrote, or the REST interface; throws <see cref="JsonException"/>.</summary>
    public static RatePublication FromJson(string json) => JsonSerializer.Deserialize<RatePublication>(json, Json)
        ?? throw new JsonException("a publication's report is empty");
}
