using System.Buffers;
using CostAttribution.ClickHouse.Native;
using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.ClickHouse.Ledger;

/// <summary>
/// The columns of one table, filled row by row and written as one block. Reused: clear it and fill it again. Not safe for
/// concurrent use.
/// </summary>
public abstract class RowBlock : IDisposable
{
    private readonly List<NamedColumn> columns = [];

    protected RowBlock(string table) => Table = table;

    public string Table { get; }

    public int Rows => columns[0].Column.Rows;

    /// <summary>Column names in the order of the block.</summary>
    public IReadOnlyList<string> ColumnNames { get; private set; } = [];

    public void WriteTo(IBufferWriter<byte> output) => NativeBlockWriter.Write(output, columns);

    /// <summary>The rows so far as an insert under <paramref name="deduplicationToken"/>; allocates the block's bytes.</summary>
    public ClickHouseInsert ToInsert(string deduplicationToken)
    {
        var output = new ArrayBufferWriter<byte>(64 * 1024);
        WriteTo(output);
        return new ClickHouseInsert(Table, ColumnNames, output.WrittenMemory, deduplicationToken);
    }

    public void Clear()
    {
        foreach (var (_, column) in columns) column.Clear();
    }

    public void Dispose()
    {
        foreach (var (_, column) in columns) column.Dispose();
        GC.SuppressFinalize(this);
    }

    internal IReadOnlyList<NamedColumn> NamedColumns => columns;

    protected TColumn Add<TColumn>(string name, TColumn column) where TColumn : NativeColumn
    {
        columns.Add(new NamedColumn(name, column));
        ColumnNames = [.. ColumnNames, name];
        return column;
    }
}
