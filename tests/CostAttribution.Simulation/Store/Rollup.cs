using System.Buffers;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Native;
using CostAttribution.Domain.Ledger;

namespace CostAttribution.Simulation.Store;

/// <summary>What the materialised view <c>cost_hourly_feed</c> makes of a block of the ledger.</summary>
internal static class Rollup
{
    private const long MicrosPerHour = 3_600_000_000;
    private const char Separator = '\u001f';

    private static readonly string[] Dimensions = RollupDifference.Dimensions.Split(", ");

    public static IReadOnlyList<HourlyRow> Of(IEnumerable<LedgerRow> rows) =>
        [.. Sum(rows.Select(row => new HourlyRow(GroupOf(row.Entry), HourOf(row.Entry), row.Measures)))];

    /// <summary>One row per group, as a reader sees them with <c>sum() … GROUP BY</c>.</summary>
    public static IEnumerable<HourlyRow> Sum(IEnumerable<HourlyRow> rows)
    {
        var sums = new Dictionary<(string, long), Int128[]>();
        foreach (var row in rows)
        {
            var key = (row.Group, row.HourMicros);
            if (!sums.TryGetValue(key, out var sum)) sums[key] = sum = new Int128[row.Measures.Count];
            for (var i = 0; i < sum.Length; i++) sum[i] += row.Measures[i];
        }
        return sums.Select(pair => new HourlyRow(pair.Key.Item1, pair.Key.Item2, pair.Value));
    }

    /// <summary>Rows in the shape of the rollup's columns; every dimension as text, since only the product's repair reads them.</summary>
    public static byte[] ToBlock(IEnumerable<HourlyRow> rows)
    {
        using var hours = Columns.UInt32();
        var dimensions = Dimensions.Select(_ => Columns.String()).ToArray();
        var measures = BlockRows.MeasureNames.Select(name => (NativeColumn)(IsCost(name) ? Columns.Decimal() : Columns.Int64())).ToArray();
        foreach (var row in rows)
        {
            hours.Append((uint)(row.HourMicros / 1_000_000));
            var values = row.Group.Split(Separator);
            for (var i = 0; i < dimensions.Length; i++) dimensions[i].Append(values[i]);
            for (var i = 0; i < measures.Length; i++)
            {
                if (measures[i] is FixedWidthColumn<Int128> cost) cost.Append(row.Measures[i]);
                else ((FixedWidthColumn<long>)measures[i]).Append((long)row.Measures[i]);
            }
        }
        var output = new ArrayBufferWriter<byte>();
        NativeBlockWriter.Write(output, [new NamedColumn("hour", hours),
            .. Dimensions.Select((name, i) => new NamedColumn(name, dimensions[i])),
            .. BlockRows.MeasureNames.Select((name, i) => new NamedColumn(RollupName(name), measures[i]))]);
        foreach (var column in dimensions.Concat(measures)) column.Dispose();
        return output.WrittenSpan.ToArray();
    }

    /// <summary>What <see cref="ToBlock"/> wrote.</summary>
    public static IReadOnlyList<HourlyRow> FromBlock(ReadOnlyMemory<byte> bytes)
    {
        var block = NativeBlockReader.ReadAll(bytes).Single();
        var hours = block.Column<FixedWidthValues>("hour");
        var dimensions = Dimensions.Select(block.Column<StringValues>).ToArray();
        var measures = BlockRows.MeasureNames.Select(name => block.Column<FixedWidthValues>(RollupName(name))).ToArray();
        return [.. Enumerable.Range(0, block.Rows).Select(row => new HourlyRow(
            string.Join(Separator, dimensions.Select(values => values.At(row))), hours.At<uint>(row) * 1_000_000L,
            [.. measures.Select(values => values.Width == 8 ? values.At<long>(row) : values.At<Int128>(row))]))];
    }

    public static long HourOf(LedgerEntry entry) => entry.EventTimeMicros / MicrosPerHour * MicrosPerHour;

    private static string GroupOf(LedgerEntry entry) => string.Join(Separator, entry.CostKind, entry.CustomerId, entry.FeatureId,
        entry.Product, entry.Team, entry.Environment, entry.Plan, entry.Audience, entry.Workflow, entry.Agent, entry.Provider,
        entry.Model, entry.ServiceTier, entry.Region, entry.CustomerEvidence, entry.FeatureEvidence, entry.Cost.Status,
        entry.Ownership);

    private static bool IsCost(string measure) => measure.EndsWith("cost", StringComparison.Ordinal);

    private static string RollupName(string measure) => measure == "sign" ? "entries" : measure;
}
