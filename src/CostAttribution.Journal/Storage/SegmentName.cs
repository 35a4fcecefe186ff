using System.Globalization;

namespace CostAttribution.Journal.Storage;

/// <summary>File names of segments: <c>journal-</c>, the first sequence in 16 lower-case hex digits, <c>.seg</c>.</summary>
internal static class SegmentName
{
    private const string Prefix = "journal-";
    private const string Suffix = ".seg";
    private const int Digits = 16;

    public static string Of(ulong firstSequence) =>
        string.Create(CultureInfo.InvariantCulture, $"{Prefix}{firstSequence:x16}{Suffix}");

    public static bool TryParse(string name, out ulong firstSequence)
    {
        firstSequence = 0;
        return name.Length == Prefix.Length + Digits + Suffix.Length
            && name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(Suffix, StringComparison.Ordinal)
            && ulong.TryParse(name.AsSpan(Prefix.Length, Digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture,
                out firstSequence)
            && firstSequence > 0 && name == Of(firstSequence);
    }
}
