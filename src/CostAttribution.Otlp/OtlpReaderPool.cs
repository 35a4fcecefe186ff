using System.Collections.Concurrent;
using CostAttribution.Domain.Tracing;

namespace CostAttribution.Otlp;

/// <summary>Keeps readers with their buffers between requests. Thread-safe.</summary>
public sealed class OtlpReaderPool : IDisposable
{
    /// <summary>A reader that has seen a larger request gives its buffers back instead of keeping them.</summary>
    private const int KeptRequestBytesMax = 4 * 1024 * 1024;

    private readonly ConcurrentQueue<OtlpTraceReader> idle = new();
    private readonly OtlpLimits limits;
    private readonly int idleMax;
    private AttributeKeyTable keys;
    private int idleCount;

    /// <param name="idleMax">Readers kept when not in use.</param>
    public OtlpReaderPool(AttributeKeyTable keys, OtlpLimits limits, int idleMax)
    {
        this.keys = keys;
        this.limits = limits;
        this.idleMax = idleMax;
    }

    /// <summary>Makes every request from now on keep these keys.</summary>
    public void UseKeys(AttributeKeyTable table) => Volatile.Write(ref keys, table);

    public OtlpTraceReader Rent()
    {
        var current = Volatile.Read(ref keys);
        while (idle.TryDequeue(out var reader))
        {
            Interlocked.Decrement(ref idleCount);
            if (ReferenceEquals(reader.Keys, current)) return reader;
            reader.Dispose();
        }
        return new OtlpTraceReader(current, limits);
    }

    public void Return(OtlpTraceReader reader)
    {
        if (Interlocked.Increment(ref idleCount) <= idleMax && reader.LargestRequestBytes <= KeptRequestBytesMax)
        {
            idle.Enqueue(reader);
            return;
        }
        Interlocked.Decrement(ref idleCount);
        reader.Dispose();
    }

    public void Dispose()
    {
        while (idle.TryDequeue(out var reader)) reader.Dispose();
    }
}
