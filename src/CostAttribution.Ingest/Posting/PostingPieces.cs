using System.Globalization;

namespace CostAttribution.Ingest.Posting;

/// <summary>
/// Ids of the pieces of a divided posting: its id, <c>.p</c> and the way to the piece in hex, as binary digits behind a leading
/// one. <c>n-1.p2</c> and <c>n-1.p3</c> (10 and 11) are the halves of <c>n-1</c>, <c>n-1.p5</c> (101) is the second half of the
/// first. Short, because an id must fit the head of its file.
/// <para>
/// <c>n-1.r</c> is what the store has of <c>n-1</c> when the others of its rows were divided or refused: these rows go on bearing
/// the id <c>n-1</c>.
/// </para>
/// </summary>
internal static class PostingPieces
{
    private const string Mark = ".p";
    private const string RestMark = ".r";

    /// <summary>Id of the rows that are in the store already.</summary>
    public static string RestOf(string postingId) => postingId + RestMark;

    /// <summary>The posting id that the rows of a posting bear in the store.</summary>
    public static string RowsOf(string postingId)
    {
        while (postingId.EndsWith(RestMark, StringComparison.Ordinal)) postingId = postingId[..^RestMark.Length];
        return postingId;
    }

    /// <summary>Id of a half (0 or 1) of a posting or piece.</summary>
    public static string IdOf(string postingId, int half)
    {
        var (root, way) = Parse(postingId);
        return string.Create(CultureInfo.InvariantCulture, $"{root}{Mark}{way * 2 + (uint)half:x}");
    }

    /// <summary>Whether one is a piece, at any depth, of the other.</summary>
    public static bool IsPieceOf(string postingId, string whole)
    {
        if (postingId.Length > whole.Length && postingId.EndsWith(RestMark, StringComparison.Ordinal))
            return postingId[..^RestMark.Length] is var of && (of == whole || IsPieceOf(of, whole));
        var (root, way) = Parse(postingId);
        var (wholeRoot, wholeWay) = Parse(whole);
        if (root != wholeRoot || way <= wholeWay) return false;
        while (way > wholeWay) way >>= 1;
        return way == wholeWay;
    }

    public static bool IsPiece(string postingId) => Parse(postingId).Way > 1;

    // The way of a posting that is whole is 1.
    private static (string Root, uint Way) Parse(string postingId)
    {
        var mark = postingId.LastIndexOf(Mark, StringComparison.Ordinal);
        return mark > 0 && uint.TryParse(postingId.AsSpan(mark + Mark.Length), NumberStyles.AllowHexSpecifier,
            CultureInfo.InvariantCulture, out var way) && way > 1
            ? (postingId[..mark], way) : (postingId, 1);
    }
}
