using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Native;

namespace CostAttribution.ClickHouse.Auditing;

/// <summary>Reports of audits as one block for <c>audits</c>.</summary>
internal sealed class AuditBlock : RowBlock
{
    public const string TableName = "audits";

    private readonly StringColumn ids;
    private readonly StringColumn nodes;
    private readonly LowCardinalityColumn triggers;
    private readonly LowCardinalityColumn states;
    private readonly FixedWidthColumn<long> startedAt;
    private readonly FixedWidthColumn<long> endedAt;
    private readonly FixedWidthColumn<byte> dryRun;
    private readonly FixedWidthColumn<ulong> found;
    private readonly FixedWidthColumn<ulong> repaired;
    private readonly FixedWidthColumn<ulong> left;
    private readonly StringColumn reports;

    public AuditBlock() : base(TableName)
    {
        ids = Add("audit_id", Columns.String());
        nodes = Add("node", Columns.String());
        triggers = Add("trigger", Columns.LowCardinality());
        states = Add("state", Columns.LowCardinality());
        startedAt = Add("started_at", Columns.DateTimeMillis());
        endedAt = Add("ended_at", Columns.DateTimeMillis());
        dryRun = Add("dry_run", Columns.Bool());
        found = Add("found", Columns.UInt64());
        repaired = Add("repaired", Columns.UInt64());
        left = Add("left", Columns.UInt64());
        reports = Add("report", Columns.String());
    }

    public void Append(AuditReport report)
    {
        ids.Append(report.Id);
        nodes.Append(report.Node);
        triggers.Append(AuditLog.Word(report.Trigger));
        states.Append(AuditLog.Word(report.State));
        startedAt.Append(report.StartedAt.ToUnixTimeMilliseconds());
        endedAt.Append((report.EndedAt ?? report.StartedAt).ToUnixTimeMilliseconds());
        dryRun.Append(report.DryRun ? (byte)1 : (byte)0);
        found.Append((ulong)report.Found);
        repaired.Append((ulong)report.Repaired);
        left.Append((ulong)(report.Left + report.Deferred));
        reports.Append(report.ToJson());
    }
}
