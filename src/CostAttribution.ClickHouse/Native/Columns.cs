namespace CostAttribution.ClickHouse.Native;

/// <summary>The column types of the schema, by the name the schema uses.</summary>
public static class Columns
{
    public static FixedWidthColumn<byte> Bool() => new("Bool");
    public static FixedWidthColumn<byte> UInt8() => new("UInt8");
    public static FixedWidthColumn<ushort> UInt16() => new("UInt16");
    public static FixedWidthColumn<uint> UInt32() => new("UInt32");
    public static FixedWidthColumn<ulong> UInt64() => new("UInt64");
    public static FixedWidthColumn<sbyte> Int8() => new("Int8");
    public static FixedWidthColumn<short> Int16() => new("Int16");
    public static FixedWidthColumn<long> Int64() => new("Int64");

    /// <summary>Days since 1970-01-01.</summary>
    public static FixedWidthColumn<ushort> Date() => new("Date");

    /// <summary>Microseconds since the Unix epoch.</summary>
    public static FixedWidthColumn<long> DateTimeMicros() => new("DateTime64(6, 'UTC')");

    /// <summary>Milliseconds since the Unix epoch.</summary>
    public static FixedWidthColumn<long> DateTimeMillis() => new("DateTime64(3, 'UTC')");

    /// <summary>Pico-dollars; bit for bit the <c>Money</c> of the domain.</summary>
    public static FixedWidthColumn<Int128> Decimal() => new("Decimal(38, 12)");

    /// <param name="names">Names and numbers as in the schema, for example <c>'ok' = 1</c>.</param>
    public static FixedWidthColumn<sbyte> Enum8(string names) => new($"Enum8({names})");

    public static NullableColumn<Int128> NullableDecimal() => new("Decimal(38, 12)");
    public static StringColumn String() => new();
    public static LowCardinalityColumn LowCardinality() => new();
    public static FixedStringColumn FixedString(int bytes) => new(bytes);
    public static ArrayColumn<TElement> Array<TElement>(TElement element) where TElement : NativeColumn => new(element);

    public static MapColumn<TKey, TValue> Map<TKey, TValue>(TKey keys, TValue values)
        where TKey : NativeColumn where TValue : NativeColumn => new(keys, values);
}
