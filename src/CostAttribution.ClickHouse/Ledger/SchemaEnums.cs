using System.Text.Json;
using CostAttribution.Domain.Ledger;

namespace CostAttribution.ClickHouse.Ledger;

/// <summary>
/// The domain's persisted enums as <c>Enum8</c> definitions and stored names. Built from the enums, so that schema, blocks and
/// domain cannot drift; a test compares them with the tables.
/// </summary>
internal static class SchemaEnums
{
    public static readonly string EntryKind = Define<EntryKind>();
    public static readonly string CostKind = Define<CostKind>();
    public static readonly string CallStatus = Define<CallStatus>();
    public static readonly string Evidence = Define<Evidence>();
    public static readonly string Ownership = Define<Ownership>();
    public static readonly string PriceStatus = Define<Domain.Pricing.PriceStatus>();
    public static readonly string RunStatus = Define<RunStatus>();

    private static readonly string[] Reasons = [.. Enum.GetValues<PostingReason>().Select(SnakeCase)];

    public static string Reason(PostingReason reason) => Reasons[(int)reason];

    /// <summary>Reads back what <see cref="Reason(PostingReason)"/> wrote; throws for a reason of a newer program.</summary>
    public static PostingReason Reason(string name)
    {
        var index = Array.IndexOf(Reasons, name);
        return index >= 0 ? (PostingReason)index
            : throw new InvalidDataException($"posting reason '{name}' is unknown to this program");
    }

    /// <summary><c>LateSpan</c> is <c>late_span</c>.</summary>
    public static string SnakeCase<T>(T value) where T : struct, Enum =>
        JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    private static string Define<T>() where T : struct, Enum => string.Join(", ", Enum.GetValues<T>()
        .OrderBy(value => Convert.ToInt32(value))
        .Select(value => $"'{SnakeCase(value)}' = {Convert.ToInt32(value)}"));
}
