namespace CostAttribution.Ingest.Posting;

/// <summary>Trace postings gathered for one posting to the store.</summary>
internal sealed class PostingBuffer
{
    public List<TracePosting> Traces { get; } = [];

    public int RowCount { get; private set; }

    /// <summary>Lowest journal position that must stay until this is confirmed; <see cref="ulong.MaxValue"/> for none.</summary>
    public ulong HeldFrom { get; private set; } = ulong.MaxValue;

    public void Add(TracePosting posting)
    {
        Traces.Add(posting);
        RowCount += posting.RowCount;
    }

    /// <summary>Keeps the journal from <paramref name="position"/> until this posting is confirmed.</summary>
    public void Hold(ulong position) => HeldFrom = Math.Min(HeldFrom, position);
}
