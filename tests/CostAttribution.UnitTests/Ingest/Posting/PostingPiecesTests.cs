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
}
