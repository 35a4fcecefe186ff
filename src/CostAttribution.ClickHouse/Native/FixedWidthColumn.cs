using System.Buffers;

namespace CostAttribution.ClickHouse.Native;

/// <summary>
/// A column of values whose memory is their wire form: integers, <c>Enum8</c>, <c>Date</c> (days), <c>DateTime64</c> (ticks of
/// its precision), <c>Decimal</c> (scaled integers). The format is little-endian, as is every machine the engine exists for.
/// </summary>
public sealed class FixedWidthColumn<T>(string type) : NativeColumn(type) where T : unmanaged
{
    private readonly PooledList<T> values = new();

    public override int Rows => values.Count;

    public void Append(T value) => values.Add(value);

    public override void Clear() => values.Clear();

    public override void Dispose() => values.Dispose();

    protected internal override void WriteData(IBufferWriter<byte> output) => values.WriteTo(output);
}
