using CostAttribution.Ingest.Posting;

namespace CostAttribution.UnitTests.Ingest.Posting;

public sealed class PostingPiecesTests
{
    [Fact]
    public void Halves_of_halves_are_pieces_of_the_whole_and_of_each_other_only_downwards()
    {
        const string whole = "node-1.p-18c-a";
        var first = PostingPieces.IdOf(whole, 0);
        var deep = PostingPieces.IdOf(PostingPieces.IdOf(first, 1), 0);

        Assert.Equal((whole + ".p2", whole + ".pa"), (first, deep));
        Assert.True(PostingPieces.IsPieceOf(first, whole));
        Assert.True(PostingPieces.IsPieceOf(deep, whole));
        Assert.True(PostingPieces.IsPieceOf(deep, first));
        Assert.False(PostingPieces.IsPieceOf(first, deep));
        Assert.False(PostingPieces.IsPieceOf(first, first));
        Assert.False(PostingPieces.IsPieceOf(deep, PostingPieces.IdOf(whole, 1)));
        Assert.False(PostingPieces.IsPieceOf(first, "node-1.p-18c-b"));
        Assert.Equal((false, true), (PostingPieces.IsPiece(whole), PostingPieces.IsPiece(deep)));
    }

    [Fact]
    public void What_the_store_has_of_a_posting_goes_with_its_pieces_and_bears_its_id()
    {
        const string whole = "node-1.p-18c-a";
        var half = PostingPieces.IdOf(whole, 1);
        var (rest, restOfHalf) = (PostingPieces.RestOf(whole), PostingPieces.RestOf(half));

        Assert.Equal((whole + ".r", whole + ".p3.r"), (rest, restOfHalf));
        Assert.Equal((whole, half, half), (PostingPieces.RowsOf(rest), PostingPieces.RowsOf(restOfHalf), PostingPieces.RowsOf(half)));
        Assert.Equal(whole, PostingPieces.RowsOf(PostingPieces.RestOf(rest)));
        Assert.True(PostingPieces.IsPieceOf(rest, whole));
        Assert.True(PostingPieces.IsPieceOf(restOfHalf, whole));
        Assert.True(PostingPieces.IsPieceOf(restOfHalf, half));
        Assert.False(PostingPieces.IsPieceOf(half, rest));
        Assert.False(PostingPieces.IsPieceOf(whole, rest));
        Assert.False(PostingPieces.IsPieceOf(rest, half));
        Assert.False(PostingPieces.IsPieceOf(rest, rest));
    }
}
