using System.Collections.Frozen;
using System.Globalization;
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

    /// <summary>A stored <c>Enum8</c> code as the domain knows it; throws for a value of a newer program.</summary>
    public static T Known<T>(sbyte code) where T : struct, Enum => Codes<T>.Values.TryGetValue(code, out var value) ? value
        : throw new InvalidDataException($"{SnakeCase(typeof(T).Name)} {code} is unknown to this program");

    /// <summary><c>LateSpan</c> is <c>late_span</c>.</summary>
    public static string SnakeCase<T>(T value) where T : struct, Enum =>
        SnakeCase(value.ToString());

    private static string SnakeCase(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);

    private static string Define<T>() where T : struct, Enum => string.Join(", ", Enum.GetValues<T>()
        .OrderBy(value => Convert.ToInt32(value))
        .Select(value => $"'{SnakeCase(value)}' = {Convert.ToInt32(value)}"));

    private static class Codes<T> where T : struct, Enum
    {
        public static readonly FrozenDictionary<sbyte, T> Values =
            Enum.GetValues<T>().ToFrozenDictionary(value => Convert.ToSByte(value, CultureInfo.InvariantCulture));
    }
}
