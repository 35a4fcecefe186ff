using System.Buffers;

namespace CostAttribution.Ingest.Posting;

/// <summary>Trace postings gathered for one posting to the store. Disposed once they are encoded.</summary>
internal sealed class PostingBuffer : IDisposable
{
    private const int ChunkBytes = 256 * 1024;

    private readonly List<byte[]> chunks = [];
    private int chunkUsed;

    public List<TracePosting> Traces { get; } = [];

    public int RowCount { get; private set; }

    /// <summary>What must stay until this is confirmed.</summary>
    public PostingHold Hold { get; } = new();

    public void Add(TracePosting posting)
    {
        Traces.Add(posting);
        RowCount += posting.RowCount;
    }

    /// <summary>A copy of <paramref name="bytes"/> that is valid until dispose; a few large arrays, not one per trace.</summary>
    public ReadOnlyMemory<byte> Keep(ReadOnlySpan<byte> bytes)
    {
        if (chunks.Count == 0 || bytes.Length > chunks[^1].Length - chunkUsed)
        {
            chunks.Add(ArrayPool<byte>.Shared.Rent(Math.Max(ChunkBytes, bytes.Length)));
            chunkUsed = 0;
        }
        var kept = chunks[^1].AsMemory(chunkUsed, bytes.Length);
        bytes.CopyTo(kept.Span);
        chunkUsed += bytes.Length;
        return kept;
    }

    public void Dispose()
    {
        foreach (var chunk in chunks) ArrayPool<byte>.Shared.Return(chunk);
        chunks.Clear();
    }
}
