using System.Globalization;
using System.Text.Json;
using CostAttribution.ClickHouse.Auditing;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Native;
using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.ClickHouse.Adjustments;

/// <summary>
/// What each period of a term was last settled at: table <c>adjustments</c>, append-only; the newest version counts. Everything
/// throws as <see cref="IClickHouseTransport.QueryAsync"/> does; a report that this program cannot read is passed over.
/// </summary>
public sealed class SettlementLog(IClickHouseTransport transport)
{
    /// <summary>Settlements that one question of the interface answers at most.</summary>
    public const int ListMax = 1_000;

    private const string Newest = "SELECT argMax(report, version) AS newest, max(period_from) AS began FROM adjustments";

    /// <summary>Appends settlements.</summary>
    public Task WriteAsync(IReadOnlyList<SettlementReport> settlements, long nowMillis, CancellationToken cancel)
    {
        using var block = new SettlementBlock();
        foreach (var settlement in settlements) block.Append(settlement, nowMillis);
        var named = settlements.Select(settlement => $"{settlement.Term}/{settlement.Period}").Order(StringComparer.Ordinal);
        return transport.InsertAsync(block.ToInsert($"adjustments/{nowMillis}/{string.Join(',', named)}"), cancel);
    }

    /// <summary>Those whose periods meet the range, the newest period first.</summary>
    public Task<IReadOnlyList<SettlementReport>> ListAsync(DateTimeOffset? from, DateTimeOffset? to, string? term, int max,
        CancellationToken cancel)
    {
        List<string> conditions = ["1"];
        if (from is { } begin) conditions.Add($"period_to > {HourSql.Instant(begin)}");
        if (to is { } end) conditions.Add($"period_from < {HourSql.Instant(end)}");
        if (term is not null) conditions.Add("term_id = {term:String}");
        return ReadAsync(string.Create(CultureInfo.InvariantCulture, $"{Newest} WHERE {string.Join(" AND ", conditions)} "
            + $"GROUP BY term_id, period ORDER BY began DESC, term_id LIMIT {max}"), term, cancel);
    }

    private async Task<IReadOnlyList<SettlementReport>> ReadAsync(string sql, string? term, CancellationToken cancel)
    {
        var query = new ClickHouseQuery($"SELECT newest AS report FROM ({sql})")
        {
            Format = "JSONEachRow",
            Parameters = term is null ? new Dictionary<string, string>() : new Dictionary<string, string> { ["term"] = term },
        };
        var reports = new List<SettlementReport>();
        foreach (var row in AuditStore.Rows(await transport.QueryAsync(query, cancel).ConfigureAwait(false)))
        {
            try
            {
                reports.Add(SettlementReport.FromJson(row.GetProperty("report").GetString() ?? ""));
            }
            catch (JsonException)
            {
                // Of a newer program, as after a roll-back.
            }
        }
        return reports;
    }

    /// <summary>Settlements as one block.</summary>
    private sealed class SettlementBlock : RowBlock
    {
        private readonly StringColumn terms;
        private readonly StringColumn periods;
        private readonly FixedWidthColumn<ulong> versions;
        private readonly LowCardinalityColumn kinds;
        private readonly LowCardinalityColumn states;
        private readonly FixedWidthColumn<long> froms;
        private readonly FixedWidthColumn<long> tos;
        private readonly FixedWidthColumn<long> settledAt;
        private readonly StringColumn nodes;
        private readonly FixedWidthColumn<Int128> adjustments;
        private readonly FixedWidthColumn<ulong> lines;
        private readonly StringColumn reports;

        public SettlementBlock() : base("adjustments")
        {
            terms = Add("term_id", Columns.String());
            periods = Add("period", Columns.String());
            versions = Add("version", Columns.UInt64());
            kinds = Add("kind", Columns.LowCardinality());
            states = Add("state", Columns.LowCardinality());
            froms = Add("period_from", Columns.DateTimeMicros());
            tos = Add("period_to", Columns.DateTimeMicros());
            settledAt = Add("settled_at", Columns.DateTimeMillis());
            nodes = Add("node", Columns.String());
            adjustments = Add("adjustment", Columns.Decimal());
            lines = Add("lines", Columns.UInt64());
            reports = Add("report", Columns.String());
        }

        public void Append(SettlementReport settlement, long nowMillis)
        {
            terms.Append(settlement.Term);
            periods.Append(settlement.Period);
            versions.Append((ulong)nowMillis);
            kinds.Append(settlement.Kind);
            states.Append(AuditLog.Word(settlement.State));
            froms.Append(Micros(settlement.From));
            tos.Append(Micros(settlement.To));
            settledAt.Append(settlement.SettledAt.ToUnixTimeMilliseconds());
            nodes.Append(settlement.Node);
            adjustments.Append(Domain.Pricing.Money.Parse(settlement.Adjustment).PicoUsd);
            lines.Append((ulong)settlement.Lines);
            reports.Append(settlement.ToJson());
        }

        private static long Micros(DateTimeOffset time) =>
            (time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;
    }
}
