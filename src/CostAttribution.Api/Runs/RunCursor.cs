using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CostAttribution.Api.Requests;

namespace CostAttribution.Api.Runs;

/// <summary>
/// Where the next page of runs begins. Holds the range, so that a default range does not move between pages, and a digest of
/// the question, so that a cursor is not continued with other filters. Nothing in it is trusted: every part is checked and
/// travels as a parameter.
/// </summary>
/// <param name="Question">Digest of all parameters but cursor and limit.</param>
/// <param name="From">Start of the range.</param>
/// <param name="To">End of the range.</param>
/// <param name="Key">Sort key of the last run of the page before.</param>
/// <param name="RunId">Its id.</param>
internal sealed record RunCursor(string Question, DateTimeOffset From, DateTimeOffset To, string Key, string RunId)
{
    private const int DigestBytes = 12;

    public string Encode() =>
        Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(new[] { Question, TimeText.ForStore(From),
            TimeText.ForStore(To), Key, RunId }));

    /// <summary>Reads a cursor given for the same question; false for anything else.</summary>
    public static bool TryDecode(string text, RequestValues values, [NotNullWhen(true)] out RunCursor? cursor)
    {
        cursor = null;
        try
        {
            var parts = JsonSerializer.Deserialize<string?[]>(Base64Url.DecodeFromChars(text));
            if (parts is not [{ } question, { } from, { } to, { } key, { } runId] || question != DigestOf(values)) return false;
            if (!TimeText.TryParse(from.Replace(' ', 'T') + "Z", TimeZoneInfo.Utc, out var start)) return false;
            if (!TimeText.TryParse(to.Replace(' ', 'T') + "Z", TimeZoneInfo.Utc, out var end)) return false;
            if (!RunSort.Find(values.One("sort")).IsKey(key)) return false;
            cursor = new RunCursor(question, start, end, key, runId);
            return true;
        }
        catch (Exception failure) when (failure is FormatException or JsonException)
        {
            return false;
        }
    }

    public static string DigestOf(RequestValues values)
    {
        var text = new StringBuilder();
        foreach (var name in values.Names.Where(name => name is not ("cursor" or "limit")).Order(StringComparer.Ordinal))
        {
            text.Append(name).Append('\n').AppendJoin('\n', values.All(name)).Append('\0');
        }
        return Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())).AsSpan(0, DigestBytes));
    }
}
