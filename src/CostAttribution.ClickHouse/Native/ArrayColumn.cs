using System.Buffers;

namespace CostAttribution.ClickHouse.Native;

/// <summary>An <c>Array(T)</c> column: append elements to <see cref="Elements"/>, then end the row.</summary>
public sealed class ArrayColumn<TElement>(TElement elements) : NativeColumn($"Array({elements.Type})") where TElement
    : NativeColumn
{
    private readonly PooledList<ulong> offsets = new();

    public TElement Elements { get; } = elements;

    public override int Rows => offsets.Count;

    /// <summary>Closes the row with the elements appended since the last call.</summary>
    public void EndRow() => offsets.Add((ulong)Elements.Rows);

    public override void Clear()
    {
        offsets.Clear();
        Elements.Clear();
    }

    public override void Dispose()
    {
        offsets.Dispose();
        Elements.Dispose();
    }

    protected internal override void WritePrefix(IBufferWriter<byte> output) => Elements.WritePrefix(output);

    protected internal override void WriteData(IBufferWriter<byte> output)
    {
        offsets.WriteTo(output);
        if (Elements.Rows > 0) Elements.WriteData(output);
    }
}
