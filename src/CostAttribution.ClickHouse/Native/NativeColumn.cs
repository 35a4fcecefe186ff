using System.Buffers;

namespace CostAttribution.ClickHouse.Native;

/// <summary>
/// One column of a block in the <c>Native</c> format, revision 0. Owns pooled buffers: values are appended, written once and
/// cleared for the next block, so that a warm column allocates nothing. Not safe for concurrent use.
/// </summary>
public abstract class NativeColumn(string type) : IDisposable
{
    /// <summary>The ClickHouse type, as written before the data.</summary>
    public string Type { get; } = type;

    /// <summary>Values appended since the last <see cref="Clear"/>.</summary>
    public abstract int Rows { get; }

    /// <summary>Forgets the values and keeps the buffers.</summary>
    public abstract void Clear();

    public abstract void Dispose();

    /// <summary>Writes the whole column as it stands in a block after its name and type.</summary>
    public void WriteTo(IBufferWriter<byte> output)
    {
        if (Rows == 0) return;
        WritePrefix(output);
        WriteData(output);
    }

    /// <summary>What the format puts in front of the outermost data: the version of each dictionary inside.</summary>
    protected internal virtual void WritePrefix(IBufferWriter<byte> output) { }

    protected internal abstract void WriteData(IBufferWriter<byte> output);
}
