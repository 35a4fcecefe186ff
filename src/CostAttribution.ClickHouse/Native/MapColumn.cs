using System.Buffers;

namespace CostAttribution.ClickHouse.Native;

/// <summary>
/// A <c>Map(K, V)</c> column: append keys and values in step, then end the row. On the wire an array of pairs, keys first.
/// </summary>
public sealed class MapColumn<TKey, TValue>(TKey keys, TValue values) : NativeColumn($"Map({keys.Type}, {values.Type})")
    where TKey : NativeColumn where TValue : NativeColumn
{
    private readonly PooledList<ulong> offsets = new();

    public TKey Keys { get; } = keys;
    public TValue Values { get; } = values;

    public override int Rows => offsets.Count;

    /// <summary>Closes the row with the pairs appended since the last call.</summary>
    public void EndRow()
    {
        if (Keys.Rows != Values.Rows) throw new InvalidOperationException(
            $"a map row has {Keys.Rows} keys and {Values.Rows} values so far");
        offsets.Add((ulong)Keys.Rows);
    }

    public override void Clear()
    {
        offsets.Clear();
        Keys.Clear();
        Values.Clear();
    }

    public override void Dispose()
    {
        offsets.Dispose();
        Keys.Dispose();
        Values.Dispose();
    }

    protected internal override void WritePrefix(IBufferWriter<byte> output)
    {
        Keys.WritePrefix(output);
        Values.WritePrefix(output);
    }

    protected internal override void WriteData(IBufferWriter<byte> output)
    {
        offsets.WriteTo(output);
        if (Keys.Rows == 0) return;
        Keys.WriteData(output);
        Values.WriteData(output);
    }
}
