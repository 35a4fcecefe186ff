using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Native;

namespace CostAttribution.ClickHouse.Repricing;

/// <summary>Reports of re-pricings as one block for <c>repricings</c>.</summary>
internal sealed class RepricingBlock : RowBlock
{
    public const string TableName = "repricings";

    private readonly StringColumn ids;
    private readonly FixedWidthColumn<ulong> versions;
    private readonly StringColumn nodes;
    private readonly LowCardinalityColumn kinds;
    private readonly LowCardinalityColumn states;
    private readonly FixedWidthColumn<long> startedAt;
    private readonly FixedWidthColumn<long> updatedAt;
    private readonly StringColumn reports;

    public RepricingBlock() : base(TableName)
    {
        ids = Add("repricing_id", Columns.String());
        versions = Add("version", Columns.UInt64());
        nodes = Add("node", Columns.String());
        kinds = Add("kind", Columns.LowCardinality());
        states = Add("state", Columns.LowCardinality());
        startedAt = Add("started_at", Columns.DateTimeMillis());
        updatedAt = Add("updated_at", Columns.DateTimeMillis());
        reports = Add("report", Columns.String());
    }

    public void Append(RepricingReport report, long version, long nowMillis)
    {
        ids.Append(report.Id);
        versions.Append((ulong)version);
        nodes.Append(report.Node);
        kinds.Append(RepricingLog.Word(report.Kind));
        states.Append(RepricingLog.Word(report.State));
        startedAt.Append(report.StartedAt.ToUnixTimeMilliseconds());
        updatedAt.Append(nowMillis);
        reports.Append(report.ToJson());
    }
}
