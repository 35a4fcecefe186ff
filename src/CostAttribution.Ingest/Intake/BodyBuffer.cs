using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;

namespace CostAttribution.Ingest.Intake;

/// <summary>One request's bytes in one pooled array that grows as they come, within a limit of its own and one for all.</summary>
internal sealed class BodyBuffer(IntakeMetrics metrics, IntakeOptions options) : IDisposable
{
    private const int FirstBytes = 32 * 1024;

    /// <summary>Head, an empty deflate block and trailer.</summary>
    private const int GzipBytesMin = 18;

    private byte[] bytes = [];

    public int Length { get; private set; }
    public ReadOnlySpan<byte> Written => bytes.AsSpan(0, Length);

    /// <summary>Adds what came; the reason when a limit does not allow it.</summary>
    public RefusalReason Append(in ReadOnlySequence<byte> part)
    {
        if (part.Length > options.RequestBytesMax - Length) return RefusalReason.TooLarge;
        if (part.Length > bytes.Length - Length && !TryGrow((int)part.Length)) return RefusalReason.BodiesOverLimit;
        part.CopyTo(bytes.AsSpan(Length));
        Length += (int)part.Length;
        return RefusalReason.None;
    }

    /// <summary>Adds the decompressed form of <paramref name="compressed"/>, stopping as soon as it passes the limit.</summary>
    public RefusalReason AppendGunzipped(BodyBuffer compressed)
    {
        using var source = new MemoryStream(compressed.bytes, 0, compressed.Length, writable: false);
        using var gzip = new GZipStream(source, CompressionMode.Decompress);
        try
        {
            while (true)
            {
                if (Length == bytes.Length && !TryGrow(1)) return RefusalReason.BodiesOverLimit;
                var read = gzip.Read(bytes, Length, bytes.Length - Length);
                if (read == 0) return IsWholeGzip(compressed.Written) ? RefusalReason.None : RefusalReason.Malformed;
                Length += read;
                if (Length > options.RequestBytesMax) return RefusalReason.TooLarge;
            }
        }
        catch (InvalidDataException)
        {
            return RefusalReason.Malformed;
        }
    }

    public void Dispose()
    {
        if (bytes.Length == 0) return;
        metrics.Release(bytes.Length);
        ArrayPool<byte>.Shared.Return(bytes);
        bytes = [];
        Length = 0;
    }

    // The stream class takes a cut stream for a finished one, so the length in the trailer is compared. Several gzip members
    // in a row, which no exporter writes, do not pass.
    private bool IsWholeGzip(ReadOnlySpan<byte> gzip) =>
        gzip.Length >= GzipBytesMin && BinaryPrimitives.ReadUInt32LittleEndian(gzip[^4..]) == (uint)Length;

    private bool TryGrow(int count)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(Length + count, Math.Max(FirstBytes, bytes.Length * 2)));
        if (!metrics.TryReserve(larger.Length, options.BodyBytesInFlightMax))
        {
            ArrayPool<byte>.Shared.Return(larger);
            return false;
        }
        Written.CopyTo(larger);
        if (bytes.Length > 0)
        {
            metrics.Release(bytes.Length);
            ArrayPool<byte>.Shared.Return(bytes);
        }
        bytes = larger;
        return true;
    }
}
