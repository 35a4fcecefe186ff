namespace CostAttribution.ClickHouse.Ledger;

/// <summary>Rows of one posting that the store holds, per table.</summary>
public readonly record struct PostingRows(long Ledger, long Facts, long Segments)
{
    public bool None => Ledger == 0 && Facts == 0 && Segments == 0;
}
