namespace CostAttribution.Api.Reading;

/// <summary>Names that may stand in SQL text. Everything else travels as a parameter.</summary>
internal static class SqlName
{
    private const int CharsMax = 64;

    public static bool IsPlain(string name) =>
        name.Length is > 0 and <= CharsMax && !char.IsAsciiDigit(name[0]) && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_');
}
