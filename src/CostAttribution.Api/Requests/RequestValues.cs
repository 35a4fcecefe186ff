using Microsoft.AspNetCore.WebUtilities;

namespace CostAttribution.Api.Requests;

/// <summary>
/// A query string as it was sent: names in order of first use, each with all its values, percent-decoded. Names are kept in
/// their own case, unlike in ASP.NET's collection, because <c>dim.Tier</c> and <c>dim.tier</c> are two dimensions.
/// </summary>
internal sealed class RequestValues
{
    private readonly Dictionary<string, List<string>> byName = new(StringComparer.Ordinal);

    public static RequestValues FromQueryString(string? queryString)
    {
        var values = new RequestValues { CharCount = queryString?.Length ?? 0 };
        if (values.CharCount > ApiLimits.QueryStringCharsMax) return values;
        foreach (var pair in new QueryStringEnumerable(queryString))
        {
            var name = pair.DecodeName().ToString();
            if (!values.byName.TryGetValue(name, out var list)) values.byName.Add(name, list = []);
            list.Add(pair.DecodeValue().ToString());
            if (++values.ValueCount > ApiLimits.ValuesMax) break;
        }
        return values;
    }

    /// <summary>Characters after and with the question mark. Over the limit nothing is read.</summary>
    public int CharCount { get; private init; }

    /// <summary>All values, over all names; reading stops one past the limit.</summary>
    public int ValueCount { get; private set; }

    public IEnumerable<string> Names => byName.Keys;

    public bool Has(string name) => byName.ContainsKey(name);

    public IReadOnlyList<string> All(string name) => byName.TryGetValue(name, out var list) ? list : [];

    /// <summary>The first value, or null when the name was not sent.</summary>
    public string? One(string name) => byName.TryGetValue(name, out var list) ? list[0] : null;

    /// <summary>Values of a comma-separated, repeatable parameter, blanks around them removed.</summary>
    public IReadOnlyList<string> Split(string name) =>
        [.. All(name).SelectMany(value => value.Split(',', StringSplitOptions.TrimEntries))];

    /// <summary>
    /// True without lone surrogates, which have no UTF-8 form: they would be replaced on the way to the store and match
    /// something else.
    /// </summary>
    public static bool IsWellFormed(string value)
    {
        for (var i = 0; i < value.Length; i++)
        {
            if (!char.IsSurrogate(value[i])) continue;
            if (!char.IsHighSurrogate(value[i]) || i + 1 >= value.Length || !char.IsLowSurrogate(value[i + 1])) return false;
            i++;
        }
        return true;
    }
}
