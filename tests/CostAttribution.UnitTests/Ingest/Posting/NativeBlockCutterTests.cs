using System.Buffers;
using CostAttribution.ClickHouse.Native;

namespace CostAttribution.UnitTests.Ingest.Posting;

public sealed class NativeBlockCutterTests
{
    [Theory]
    [InlineData(3)]
    [InlineData(300)]
    [InlineData(70_000)]
    public void Rows_that_are_cut_out_say_what_they_said_before(int rows)
    {
        var block = Block(rows);
        foreach (var places in new[] { [0], [rows - 1, 1], Enumerable.Range(0, rows).Where(row => row % 3 == 1).ToArray() })
        {
            var cut = Assert.Single(NativeBlockReader.ReadAll(NativeBlockCutter.Cut(block, places)));

            Assert.Equal(block.Columns.Select(column => (column.Name, column.Type)),
                cut.Columns.Select(column => (column.Name, column.Type)));
            Assert.Equal(places.Select(row => Text(block, row)), Enumerable.Range(0, cut.Rows).Select(row => Text(cut, row)));
        }
    }

    [Fact]
    public void A_column_can_be_replaced()
    {
        var cut = NativeBlockReader.ReadAll(NativeBlockCutter.Cut(Block(3), [2, 0], "text", "new")).Single();

        Assert.Equal(["new", "new"], new[] { 0, 1 }.Select(cut.Column<StringValues>("text").At));
        Assert.Equal([2L, 0L], new[] { 0, 1 }.Select(cut.Column<FixedWidthValues>("number").At<long>));
        Assert.Throws<InvalidDataException>(() => NativeBlockCutter.Cut(Block(3), [0], "number", "new"));
    }

    private static NativeBlock Block(int rows)
    {
        using var text = Columns.String();
        using var number = Columns.Int64();
        using var word = Columns.LowCardinality();
        using var cost = Columns.NullableDecimal();
        using var flags = Columns.Array(Columns.Array(Columns.LowCardinality()));
        using var units = Columns.Array(Columns.Map(Columns.String(), Columns.Int64()));
        for (var i = 0; i < rows; i++)
        {
            text.Append($"row {i}");
            number.Append(i);
            word.Append($"word {i % 69_000}");
            cost.Append(i % 2 == 0 ? null : i);
            for (var inner = 0; inner < i % 3; inner++)
            {
                for (var flag = 0; flag < inner; flag++) flags.Elements.Elements.Append($"flag {(i + flag) % 7}");
                flags.Elements.EndRow();
                units.Elements.Keys.Append($"unit {inner}");
                units.Elements.Values.Append(i);
                units.Elements.EndRow();
            }
            flags.EndRow();
            units.EndRow();
        }
        var output = new ArrayBufferWriter<byte>();
        NativeBlockWriter.Write(output, [new("text", text), new("number", number), new("word", word), new("cost", cost),
            new("flags", flags), new("units", units)]);
        return NativeBlockReader.ReadAll(output.WrittenMemory).Single();
    }

    private static string Text(NativeBlock block, int row) =>
        string.Join('|', block.Columns.Select(column => Text(column.Values, row)));

    private static string Text(NativeValues values, int row) => values switch
    {
        StringValues strings => strings.At(row),
        FixedWidthValues numbers => Convert.ToHexString(numbers.BytesAt(row)),
        LowCardinalityValues words => words.At(row),
        NullableValues nullable => nullable.IsNull(row) ? "null" : Text(nullable.Values, row),
        ArrayValues arrays => "[" + string.Join(',', Enumerable.Range(arrays.Start(row), arrays.End(row) - arrays.Start(row))
            .Select(element => Text(arrays.Elements, element))) + "]",
        TupleValues tuples => "(" + string.Join(',', tuples.Places.Select(place => Text(place, row))) + ")",
        _ => throw new InvalidOperationException(),
    };
}
