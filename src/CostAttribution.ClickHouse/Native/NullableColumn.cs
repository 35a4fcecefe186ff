using System.Buffers;

namespace CostAttribution.ClickHouse.Native;

/// <summary>A <c>Nullable</c> column of fixed-width values: one byte per row that says "null", then a value per row.</summary>
public sealed class NullableColumn<T>(string valueType) : NativeColumn($"Nullable({valueType})") where T : unmanaged
{
    private readonly PooledList<byte> nulls = new();
    private readonly PooledList<T> values = new();

    public override int Rows => values.Count;

    public void Append(T? value)
    {
        nulls.Add(value.HasValue ? (byte)0 : (byte)1);
        values.Add(value.GetValueOrDefault());
    }

    public override void Clear()
    {
        nulls.Clear();
        values.Clear();
    }

    public override void Dispose()
    {
        nulls.Dispose();
        values.Dispose();
    }

    protected internal override void WriteData(IBufferWriter<byte> output)
    {
        nulls.WriteTo(output);
        values.WriteTo(output);
    }
}
