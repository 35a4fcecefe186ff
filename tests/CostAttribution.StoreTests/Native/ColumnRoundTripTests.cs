using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Native;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Identity;
using CostAttribution.StoreTests.Engine;

namespace CostAttribution.StoreTests.Native;

/// <summary>Every column type goes into the engine as a block and comes back equal, as text and as a block.</summary>
public sealed class ColumnRoundTripTests(EngineFixture engine)
{
    private static readonly Int128 DecimalMax = Int128.Parse("99999999999999999999999999999999999999");

    [Fact]
    public Task Integers_keep_their_extremes() => RoundTripAsync(
        block =>
        {
            block.Column("a", Columns.UInt8(), byte.MinValue, byte.MaxValue);
            block.Column("b", Columns.UInt16(), ushort.MinValue, ushort.MaxValue);
            block.Column("c", Columns.UInt32(), uint.MinValue, uint.MaxValue);
            block.Column("d", Columns.UInt64(), ulong.MinValue, ulong.MaxValue);
            block.Column("e", Columns.Int8(), sbyte.MinValue, sbyte.MaxValue);
            block.Column("f", Columns.Int16(), short.MinValue, short.MaxValue);
            block.Column("g", Columns.Int64(), long.MinValue, long.MaxValue);
            block.Column("h", Columns.Bool(), (byte)0, (byte)1);
        },
        "0\t0\t0\t0\t-128\t-32768\t-9223372036854775808\tfalse",
        "255\t65535\t4294967295\t18446744073709551615\t127\t32767\t9223372036854775807\ttrue");

    [Fact]
    public Task Decimals_are_exact_at_their_extremes() => RoundTripAsync(
        block =>
        {
            block.Column("a", Columns.Decimal(), DecimalMax, -DecimalMax, (Int128)1, Int128.Zero);
            var nullable = block.AddColumn("b", Columns.NullableDecimal());
            foreach (Int128? value in (Int128?[])[DecimalMax, null, -1, 0]) nullable.Append(value);
        },
        "99999999999999999999999999.999999999999\t99999999999999999999999999.999999999999",
        "-99999999999999999999999999.999999999999\t\\N",
        "0.000000000001\t-0.000000000001",
        "0.000000000000\t0.000000000000");

    [Fact]
    public Task Times_and_names_keep_their_meaning() => RoundTripAsync(
        block =>
        {
            block.Column("a", Columns.DateTimeMicros(), 0L, 1_795_000_000_123_456L);
            block.Column("b", Columns.DateTimeMillis(), 1L, 1_795_000_000_123L);
            block.Column("c", Columns.Date(), (ushort)0, (ushort)20_775);
            block.Column("d", Columns.Enum8("'none' = 0, 'own' = 1"), (sbyte)0, (sbyte)1);
        },
        "1970-01-01 00:00:00.000000\t1970-01-01 00:00:00.001\t1970-01-01\tnone",
        "2026-11-18 11:06:40.123456\t2026-11-18 11:06:40.123\t2026-11-18\town");

    [Fact]
    public Task Strings_of_every_length_and_alphabet_survive() => RoundTripAsync(
        block =>
        {
            var text = block.AddColumn("a", Columns.String());
            var ids = block.AddColumn("b", Columns.String());
            var hash = block.AddColumn("c", Columns.FixedString(16));
            var short8 = block.AddColumn("d", Columns.FixedString(8));
            text.Append("");
            ids.Append(default(SpanId));
            hash.Append(UInt128.Zero);
            short8.Append("12345678"u8);
            text.Append(new string('ü', 43) + new string('x', 300));
            ids.Append(new TraceId(0x0123456789abcdef, 0xfedcba9876543210));
            hash.Append(new UInt128(0x4142434445464748, 0x494a4b4c4d4e4f50));
            short8.Append("abcdefgh"u8);
        },
        "\t\t" + string.Concat(Enumerable.Repeat("\\0", 16)) + "\t12345678",
        new string('ü', 43) + new string('x', 300) + "\t0123456789abcdeffedcba9876543210\tABCDEFGHIJKLMNOP\tabcdefgh");

    [Fact]
    public Task Nested_lists_and_maps_keep_their_shape() => RoundTripAsync(
        block =>
        {
            var names = block.AddColumn("a", Columns.Array(Columns.LowCardinality()));
            var nested = block.AddColumn("b", Columns.Array(Columns.Array(Columns.LowCardinality())));
            var dimensions = block.AddColumn("c", Columns.Map(Columns.LowCardinality(), Columns.String()));
            var units = block.AddColumn("d", Columns.Map(Columns.String(), Columns.Int64()));
            var maps = block.AddColumn("e", Columns.Array(Columns.Map(Columns.String(), Columns.Int64())));
            var times = block.AddColumn("f", Columns.Array(Columns.DateTimeMicros()));
            var ids = block.AddColumn("g", Columns.Array(Columns.FixedString(8)));
            var kinds = block.AddColumn("h", Columns.Array(Columns.Enum8("'x' = 1, 'y' = 2")));
            for (var row = 0; row < 3; row++)
            {
                if (row == 1)
                {
                    names.Elements.Append("p");
                    names.Elements.Append("q");
                    names.Elements.Append("p");
                    nested.Elements.Elements.Append("z");
                    nested.Elements.EndRow();
                    nested.Elements.EndRow();
                    dimensions.Keys.Append("region");
                    dimensions.Values.Append("eu");
                    units.Keys.Append("pages");
                    units.Values.Append(-7);
                    maps.Elements.Keys.Append("u");
                    maps.Elements.Values.Append(1);
                    maps.Elements.EndRow();
                    maps.Elements.EndRow();
                    times.Elements.Append(1);
                    ids.Elements.Append("12345678"u8);
                    kinds.Elements.Append(2);
                }
                names.EndRow();
                nested.EndRow();
                dimensions.EndRow();
                units.EndRow();
                maps.EndRow();
                times.EndRow();
                ids.EndRow();
                kinds.EndRow();
            }
        },
        "[]\t[]\t{}\t{}\t[]\t[]\t[]\t[]",
        "['p','q','p']\t[['z'],[]]\t{'region':'eu'}\t{'pages':-7}\t[{'u':1},{}]\t['1970-01-01 " +
            "00:00:00.000001']\t['12345678']\t['y']",
        "[]\t[]\t{}\t{}\t[]\t[]\t[]\t[]");

    [Fact]
    public Task A_column_whose_lists_are_all_empty_is_still_a_column() => RoundTripAsync(
        block =>
        {
            var names = block.AddColumn("a", Columns.Array(Columns.LowCardinality()));
            var maps = block.AddColumn("b", Columns.Map(Columns.LowCardinality(), Columns.String()));
            var number = block.AddColumn("c", Columns.UInt8());
            names.EndRow();
            maps.EndRow();
            number.Append(1);
        },
        "[]\t{}\t1");

    [Theory, InlineData(1), InlineData(256), InlineData(257), InlineData(65_536), InlineData(70_000)]
    public async Task Dictionaries_of_every_index_width_decode(int distinct)
    {
        await using var store = await engine.NewStoreAsync(migrate: false);
        await store.RunAsync("CREATE TABLE t (a LowCardinality(String), n UInt32) ENGINE = MergeTree ORDER BY n");
        using var block = new TestBlock();
        var words = block.AddColumn("a", Columns.LowCardinality());
        var numbers = block.AddColumn("n", Columns.UInt32());
        for (var i = 0; i < distinct + 10; i++)
        {
            words.Append($"w{i % distinct}");
            numbers.Append((uint)i);
        }

        await store.InsertAsync(block.ToInsert("1"), TestContext.Current.CancellationToken);

        Assert.Equal($"{distinct}\t0",
            await store.AskAsync($"SELECT uniqExact(a), countIf(a != concat('w', toString(n % {distinct}))) FROM t"));
        var back = await ReadBackAsync(store, "SELECT a, n FROM t ORDER BY n");
        var row = 0;
        foreach (var part in back)
        {
            var values = part.Column<LowCardinalityValues>("a");
            for (var i = 0; i < part.Rows; i++) Assert.Equal($"w{row++ % distinct}", values.At(i));
        }
        Assert.Equal(distinct + 10, row);
    }

    [Fact]
    public void A_warm_block_appends_and_writes_without_allocating()
    {
        using var block = new CostLedgerBlock();
        var entries = Enumerable.Range(0, 500).Select(i => LedgerEntries.Create(i)).ToArray();
        var output = new System.Buffers.ArrayBufferWriter<byte>(4 << 20);
        for (var warm = 0; warm < 3; warm++) FillAndWrite();

        var before = GC.GetAllocatedBytesForCurrentThread();
        FillAndWrite();
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(0, allocated);

        void FillAndWrite()
        {
            block.Clear();
            output.ResetWrittenCount();
            block.Append(entries);
            block.WriteTo(output);
        }
    }

    [Fact]
    public void A_truncated_block_is_invalid_data_at_every_length()
    {
        using var block = new CostLedgerBlock();
        block.Append(Enumerable.Range(0, 3).Select(i => LedgerEntries.Create(i)).ToArray());
        var bytes = block.ToInsert("1").NativeBlock;

        Assert.Single(NativeBlockReader.ReadAll(bytes));
        for (var length = 1; length < bytes.Length; length++)
        {
            var cut = bytes[..length];
            Assert.Throws<InvalidDataException>(() => NativeBlockReader.ReadAll(cut));
        }
    }

    private static async Task<IReadOnlyList<NativeBlock>> ReadBackAsync(IClickHouseTransport store, string sql) =>
        NativeBlockReader.ReadAll(await store.QueryAsync(new ClickHouseQuery(sql) { Format = "Native" },
            TestContext.Current.CancellationToken));

    private async Task RoundTripAsync(Action<TestBlock> fill, params string[] expectedRows)
    {
        await using var store = await engine.NewStoreAsync(migrate: false);
        using var block = new TestBlock();
        fill(block);
        await store.RunAsync($"CREATE TABLE t ({block.TableDefinition}) ENGINE = Log");
        var insert = block.ToInsert("1");

        await store.InsertAsync(insert, TestContext.Current.CancellationToken);

        Assert.Equal(string.Join('\n', expectedRows),
            await store.AskAsync("SELECT * FROM t SETTINGS output_format_decimal_trailing_zeros = 1"));
        // The engine's own block of the same rows has the same bytes in every column.
        var written = NativeBlockReader.ReadAll(insert.NativeBlock)[0];
        var nativeBytes = await store.QueryAsync(new ClickHouseQuery("SELECT * FROM t") { Format = "Native" },
            TestContext.Current.CancellationToken);
        var read = Assert.Single(NativeBlockReader.ReadAll(nativeBytes), candidate => candidate.Rows > 0);
        Assert.Equal(written.Rows, read.Rows);
        Assert.Equal(written.Columns.Select(column => (column.Name, column.Type)),
            read.Columns.Select(column => (column.Name, column.Type)));
        foreach (var (mine, its) in written.Columns.Zip(read.Columns))
        {
            if (mine.Type.Contains("LowCardinality", StringComparison.Ordinal)) continue;
            Assert.Equal(insert.NativeBlock.Slice(mine.Start, mine.Bytes).ToArray(),
                nativeBytes.AsSpan(its.Start, its.Bytes).ToArray());
        }
    }

    private sealed class TestBlock() : RowBlock("t")
    {
        public string TableDefinition => string.Join(", ", NamedColumns.Select(named => $"{named.Name} {named.Column.Type}"));

        public TColumn AddColumn<TColumn>(string name, TColumn column) where TColumn : NativeColumn => Add(name, column);

        public void Column<T>(string name, FixedWidthColumn<T> column, params T[] values) where T : unmanaged
        {
            Add(name, column);
            foreach (var value in values) column.Append(value);
        }
    }
}
