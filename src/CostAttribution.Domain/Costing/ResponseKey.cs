using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace CostAttribution.Domain.Costing;

/// <summary>
/// Which response ids name one response of all there ever were, and the short key that traces compare. Providers put at least
/// 90 random bits into an id (<c>chatcmpl-</c> and 29 characters, <c>msg_</c> and 24, <c>resp_</c> and 48, <c>gen-</c> with a
/// time and 20, UUIDs); what servers made for tests hand out (<c>chatcmpl-123</c>, <c>response-1</c>) is shorter or more uniform.
/// </summary>
internal static class ResponseKey
{
    private const int LengthMin = 20;
    private const int LengthMax = 256;
    private const int DistinctMin = 10;
    private const int DigitsMin = 3;
    private const int OfEachCaseMin = 3;

    /// <summary>Sixteen hexadecimal characters; empty for an id that others may have, too.</summary>
    public static string Of(string responseId)
    {
        if (!IsUnique(responseId)) return "";
        var hash = XxHash3.HashToUInt64(MemoryMarshal.AsBytes(responseId.AsSpan()));
        return hash.ToString("x16", CultureInfo.InvariantCulture);
    }

    /// <summary>Whether the provider can give the id only once.</summary>
    public static bool IsUnique(string id)
    {
        if (id.Length is < LengthMin or > LengthMax) return false;
        int digits = 0, upper = 0, lower = 0;
        UInt128 seen = 0;
        foreach (var character in id)
        {
            if (character >= 128) return false;
            seen |= UInt128.One << character;
            if (char.IsAsciiDigit(character)) digits++;
            else if (char.IsAsciiLetterUpper(character)) upper++;
            else if (char.IsAsciiLetterLower(character)) lower++;
        }
        if (digits < DigitsMin && (upper < OfEachCaseMin || lower < OfEachCaseMin)) return false;
        return (int)UInt128.PopCount(seen) >= DistinctMin;
    }
}
