using System.Globalization;

namespace CostAttribution.ClickHouse.Transport;

/// <summary>Turns the engine's error texts (<c>Code: 60. DB::Exception: … (UNKNOWN_TABLE)</c>) into typed exceptions.</summary>
internal static class ClickHouseErrors
{
    private const string CodePrefix = "Code: ";

    /// <summary>
    /// Codes after which the same insert may succeed unchanged, and after which it may or may not have happened: files and disk
    /// (74, 75, 76, 243), timeouts (159, 209), quota and concurrency (201, 202, 203, 439), network and keeper (198, 210, 225,
    /// 279, 999), cancelled (236, 394), memory (241), replicas and quorum (242, 285, 286, 319), parts pressure (252), system
    /// errors (425), a block that ends too early (32, 33): ours are whole, so something between us and the store cut the request.
    /// Numbers from ClickHouse's list of error codes.
    /// </summary>
    private static readonly HashSet<int> Transient =
    [
        32, 33, 74, 75, 76, 159, 198, 201, 202, 203, 209, 210, 225, 236, 241, 242, 243,
        252, 279, 285, 286, 319, 394, 425, 439, 999,
    ];

    /// <summary>
    /// Codes that speak of values: text, numbers, dates, arrays and dictionaries that cannot be read or converted (6, 25–27, 38,
    /// 41, 53, 69, 70, 72, 117, 128, 131, 190, 321, 349, 407, 467, 691), a constraint or a condition that they violate (395,
    /// 469), more rows or bytes than a limit of the server allows (158, 307). A code that is not known to be about values is
    /// taken to be about the store.
    /// </summary>
    private static readonly HashSet<int> Content =
        [6, 25, 26, 27, 38, 41, 53, 69, 70, 72, 117, 128, 131, 158, 190, 307, 321, 349, 395, 407, 467, 469, 691];

    public static bool IsAboutContent(int code) => Content.Contains(code);

    public static ClickHouseException FromText(string text) => new(CodeOf(text), text.TrimEnd());

    /// <summary>
    /// What an insert that failed with <paramref name="error"/> throws. A query that failed has changed nothing, so its error
    /// stays as it is.
    /// </summary>
    public static Exception OfInsert(ClickHouseException error) =>
        Transient.Contains(error.Code) ? new StoreUnavailableException(error.Message, error) : error;

    /// <summary>The number after the first <c>Code: </c>, or 0.</summary>
    public static int CodeOf(ReadOnlySpan<char> text)
    {
        var start = text.IndexOf(CodePrefix, StringComparison.Ordinal);
        if (start < 0) return 0;
        var digits = text[(start + CodePrefix.Length)..];
        var length = 0;
        while (length < digits.Length && char.IsAsciiDigit(digits[length])) length++;
        return int.TryParse(digits[..length], NumberStyles.None, CultureInfo.InvariantCulture, out var code) ? code : 0;
    }
}
