using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using CostAttribution.Domain.Identity;

namespace CostAttribution.Domain.Tracing;

/// <summary>What adding one copy of a span did.</summary>
public enum AddOutcome : byte
{
    Added = 1,

    /// <summary>The span was there; the new copy wins and took its place.</summary>
    Replaced = 2,

    /// <summary>The span was there and stays as it was.</summary>
    Duplicate = 3,
}

/// <summary>
/// The set of spans of one trace, each once, in one pooled buffer. What it holds does not depend on the order of adding,
/// only the positions do. Not thread-safe; dispose returns the buffer.
/// </summary>
public sealed class TraceSpans(TraceId traceId) : IDisposable
{
    private const int IndexedFrom = 24;
    private const int SmallBytesMax = 4096;
    private const int SmallKeptMax = 8192;

    // Thousands of small traces end at the same moment; the shared pool keeps a few dozen arrays and leaves the rest to the
    // collector. Keeps at most 56 MiB.
    private static readonly ArrayPool<byte> SmallBuffers = ArrayPool<byte>.Create(SmallBytesMax, SmallKeptMax);

    private byte[] buffer = [];
    private int bufferUsed;
    private int[] offsets = [];
    private Dictionary<ulong, int>? index;
    private SourceList<ResourceInfo> resources = new();
    private SourceList<ScopeInfo> scopes = new();

    public TraceId TraceId => traceId;
    public int Count { get; private set; }

    /// <summary>Bytes held, including those of replaced copies.</summary>
    public int BufferBytes => buffer.Length + offsets.Length * sizeof(int);

    public SpanRecord this[int position]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)position, (uint)Count);
            var offset = offsets[position];
            return new SpanRecord(buffer.AsSpan(offset, BinaryPrimitives.ReadInt32LittleEndian(buffer.AsSpan(offset))));
        }
    }

    public ResourceInfo ResourceOf(SpanRecord span) => resources[span.ResourceIndex];
    public ScopeInfo ScopeOf(SpanRecord span) => scopes[span.ScopeIndex];

    /// <summary>Position of a span, or −1.</summary>
    public int Find(SpanId id)
    {
        if (index is not null) return index.GetValueOrDefault(id.Value, -1);
        for (var i = 0; i < Count; i++)
        {
            if (this[i].SpanId == id) return i;
        }
        return -1;
    }

    /// <summary>
    /// Hash of what the sender said about a span of this trace, its resource and scope included; not for keeping.
    /// </summary>
    public ulong ContentHashOf(SpanRecord span) =>
        span.ContentHash ^ BitOperations.RotateLeft(ResourceOf(span).Hash, 21) ^ BitOperations.RotateLeft(ScopeOf(span).Hash, 42);

    /// <summary>
    /// Copies one span of <paramref name="batch"/> in, unless a better copy is there. A batch that was sent over two ways may
    /// come with two resources: of copies that say the same, the one whose resource says more counts, whichever came first.
    /// </summary>
    public AddOutcome Add(SpanBatch batch, SpanRecord span, SourceTable sources)
    {
        var position = Find(span.SpanId);
        if (position >= 0 && !IsBetter(batch, span, this[position])) return AddOutcome.Duplicate;

        var resource = resources.IndexOf(sources.Resource(batch.Resource(span.ResourceIndex)));
        var scope = scopes.IndexOf(sources.Scope(batch.Scope(span.ScopeIndex)));
        var offset = Append(span.Bytes, resource, scope);
        if (position >= 0)
        {
            offsets[position] = offset;
            return AddOutcome.Replaced;
        }

        if (Count == offsets.Length) Array.Resize(ref offsets, Math.Max(8, Count * 2));
        offsets[Count] = offset;
        index?.Add(span.SpanId.Value, Count);
        Count++;
        if (Count == IndexedFrom) BuildIndex();
        return AddOutcome.Added;
    }

    /// <summary>Adds every span of <paramref name="batch"/> that belongs to this trace.</summary>
    public void AddAll(SpanBatch batch, SourceTable sources)
    {
        foreach (var span in batch.Spans)
        {
            if (span.TraceId == TraceId) Add(batch, span, sources);
        }
    }

    /// <summary>
    /// Encodes the spans at <paramref name="positions"/> as a batch of their own, with the resources and scopes they have.
    /// </summary>
    public SpanBatch Encode(IReadOnlyList<int> positions, SpanBatchBuilder builder)
    {
        builder.Reset();
        var (resourceAt, scopeAt) = (resources.NewPlaces(), scopes.NewPlaces());
        for (var i = 0; i < positions.Count; i++)
        {
            var span = this[positions[i]];
            ref var resource = ref resourceAt[span.ResourceIndex];
            if (resource < 0) resource = builder.AppendResource(ResourceOf(span).Encoded);
            ref var scope = ref scopeAt[span.ScopeIndex];
            if (scope < 0) scope = builder.AppendScope(ScopeOf(span).Encoded);
            builder.AppendRecord(span, resource, scope);
        }
        return builder.Build();
    }

    public void Dispose()
    {
        Return(buffer);
        buffer = [];
        bufferUsed = 0;
        Count = 0;
        index = null;
    }

    private bool IsBetter(SpanBatch batch, SpanRecord span, SpanRecord than)
    {
        var order = SpanRecord.Compare(span, than);
        if (order == 0) order = ResourceInfo.Compare(batch.Resource(span.ResourceIndex), ResourceOf(than).Encoded);
        if (order == 0) order = batch.Scope(span.ScopeIndex).SequenceCompareTo(ScopeOf(than).Encoded);
        return order > 0;
    }

    private int Append(ReadOnlySpan<byte> record, int resource, int scope)
    {
        if (record.Length > buffer.Length - bufferUsed)
        {
            var larger = Rent(Math.Max(checked(bufferUsed + record.Length), Math.Max(1024, buffer.Length * 2)));
            buffer.AsSpan(0, bufferUsed).CopyTo(larger);
            Return(buffer);
            buffer = larger;
        }
        var offset = bufferUsed;
        var copy = buffer.AsSpan(offset, record.Length);
        record.CopyTo(copy);
        BinaryPrimitives.WriteInt32LittleEndian(copy[SpanRecord.ResourceOffset..], resource);
        BinaryPrimitives.WriteInt32LittleEndian(copy[SpanRecord.ScopeOffset..], scope);
        bufferUsed += record.Length;
        return offset;
    }

    private static byte[] Rent(int bytes) => (bytes <= SmallBytesMax ? SmallBuffers : ArrayPool<byte>.Shared).Rent(bytes);

    private static void Return(byte[] rented)
    {
        if (rented.Length > 0) (rented.Length <= SmallBytesMax ? SmallBuffers : ArrayPool<byte>.Shared).Return(rented);
    }

    private void BuildIndex()
    {
        index = new Dictionary<ulong, int>(Count * 2);
        for (var i = 0; i < Count; i++) index.Add(this[i].SpanId.Value, i);
    }
}
