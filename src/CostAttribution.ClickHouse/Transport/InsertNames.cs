using System.Globalization;
using System.Security.Cryptography;

namespace CostAttribution.ClickHouse.Transport;

/// <summary>
/// Query ids of inserts: <c>database/token/try</c>. No two tries have the same, also of other processes, so the server takes
/// each; all tries of what a token begins with are found among the statements it runs.
/// </summary>
internal sealed class InsertNames(string database)
{
    private readonly string start = RandomNumberGenerator.GetHexString(16, lowercase: true);
    private long tries;

    public string Next(string token) => string.Create(CultureInfo.InvariantCulture,
        $"{PrefixOf(database, token)}/{start}-{Interlocked.Increment(ref tries):x}");

    public static string PrefixOf(string database, string tokenStart) => $"{database}/{tokenStart}";
}
