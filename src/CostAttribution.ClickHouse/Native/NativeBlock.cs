namespace CostAttribution.ClickHouse.Native;

/// <summary>One block read from the <c>Native</c> format.</summary>
public sealed class NativeBlock(int rows, IReadOnlyList<NativeBlockColumn> columns)
{
    public int Rows { get; } = rows;
    public IReadOnlyList<NativeBlockColumn> Columns { get; } = columns;

    /// <summary>
    /// The values of the named column as <typeparamref name="TValues"/>; throws when it is absent or of another shape.
    /// </summary>
    public TValues Column<TValues>(string name) where TValues : NativeValues
    {
        foreach (var column in Columns)
        {
            if (column.Name != name) continue;
            return column.Values as TValues
                ?? throw new InvalidDataException(
                    $"column {name} is {column.Type}, read as {column.Values.GetType().Name}, not {typeof(TValues).Name}");
        }
        throw new InvalidDataException($"the block has no column {name}");
    }
}

/// <summary>A column of a read block.</summary>
/// <param name="Name">Name in the result.</param>
/// <param name="Type">ClickHouse type as sent.</param>
/// <param name="Values">The values.</param>
/// <param name="Start">Offset of the data in the source bytes, behind name and type.</param>
/// <param name="Bytes">Length of the data.</param>
public sealed record NativeBlockColumn(string Name, string Type, NativeValues Values, int Start, int Bytes);
