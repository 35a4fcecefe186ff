using System.Numerics;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Native;
using CostAttribution.Domain.Usage;

namespace CostAttribution.ClickHouse.Facts;

using UnitMaps = ArrayColumn<MapColumn<StringColumn, FixedWidthColumn<long>>>;

/// <summary>Facts rows as one block for <c>trace_facts</c>.</summary>
public sealed class TraceFactsBlock : RowBlock
{
    public const string TableName = "trace_facts";

    private readonly StringColumn traceId;
    private readonly FixedWidthColumn<uint> revision;
    private readonly StringColumn postingId;
    private readonly FixedWidthColumn<long> postedAt;
    private readonly FixedWidthColumn<byte> settled;
    private readonly FixedWidthColumn<long> startedAt;
    private readonly FixedWidthColumn<long> endedAt;
    private readonly StringColumn runId;
    private readonly ArrayColumn<StringColumn> spanIds;
    private readonly ArrayColumn<StringColumn> parentSpanIds;
    private readonly ArrayColumn<LowCardinalityColumn> names;
    private readonly ArrayColumn<LowCardinalityColumn> services;
    private readonly ArrayColumn<LowCardinalityColumn> scopes;
    private readonly ArrayColumn<FixedWidthColumn<long>> startTimes;
    private readonly ArrayColumn<FixedWidthColumn<long>> endTimes;
    private readonly ArrayColumn<LowCardinalityColumn> roles;
    private readonly ArrayColumn<FixedWidthColumn<sbyte>> ownerships;
    private readonly ArrayColumn<StringColumn> supersededBys;
    private readonly ArrayColumn<LowCardinalityColumn> dialects;
    private readonly ArrayColumn<ArrayColumn<LowCardinalityColumn>> flags;
    private readonly ArrayColumn<StringColumn> customers;
    private readonly ArrayColumn<StringColumn> features;
    private readonly ArrayColumn<StringColumn> saidCustomers;
    private readonly ArrayColumn<StringColumn> saidFeatures;
    private readonly UnitMaps excess;
    private readonly UnitMaps reported;
    private readonly StringColumn blob;
    private readonly StringColumn context;

    public TraceFactsBlock() : base(TableName)
    {
        traceId = Add("trace_id", Columns.String());
        revision = Add("revision", Columns.UInt32());
        postingId = Add("posting_id", Columns.String());
        postedAt = Add("posted_at", Columns.DateTimeMillis());
        settled = Add("settled", Columns.Bool());
        startedAt = Add("started_at", Columns.DateTimeMicros());
        endedAt = Add("ended_at", Columns.DateTimeMicros());
        runId = Add("run_id", Columns.String());
        spanIds = Add("span_ids", Columns.Array(Columns.String()));
        parentSpanIds = Add("parent_span_ids", Columns.Array(Columns.String()));
        names = Add("names", Columns.Array(Columns.LowCardinality()));
        services = Add("services", Columns.Array(Columns.LowCardinality()));
        scopes = Add("scopes", Columns.Array(Columns.LowCardinality()));
        startTimes = Add("start_times", Columns.Array(Columns.DateTimeMicros()));
        endTimes = Add("end_times", Columns.Array(Columns.DateTimeMicros()));
        roles = Add("roles", Columns.Array(Columns.LowCardinality()));
        ownerships = Add("ownerships", Columns.Array(Columns.Enum8(SchemaEnums.Ownership)));
        supersededBys = Add("superseded_bys", Columns.Array(Columns.String()));
        dialects = Add("dialects", Columns.Array(Columns.LowCardinality()));
        flags = Add("flags", Columns.Array(Columns.Array(Columns.LowCardinality())));
        customers = Add("customers", Columns.Array(Columns.String()));
        features = Add("features", Columns.Array(Columns.String()));
        saidCustomers = Add("said_customers", Columns.Array(Columns.String()));
        saidFeatures = Add("said_features", Columns.Array(Columns.String()));
        excess = Add("excess", Columns.Array(Columns.Map(Columns.String(), Columns.Int64())));
        reported = Add("reported", Columns.Array(Columns.Map(Columns.String(), Columns.Int64())));
        blob = Add("blob", Columns.String());
        context = Add("context", Columns.String());
    }

    public void Append(TraceFactsRow row)
    {
        traceId.Append(row.TraceId);
        revision.Append((uint)row.Revision);
        postingId.Append(row.PostingId);
        postedAt.Append(row.PostedAtMillis);
        settled.Append(row.Settled ? (byte)1 : (byte)0);
        startedAt.Append(row.StartedAtMicros);
        endedAt.Append(row.EndedAtMicros);
        runId.Append(row.RunId);
        for (var i = 0; i < row.Spans.Count; i++) AppendSpan(row.Spans[i]);
        AppendSaid(row.Spans);
        EndSpans();
        blob.Append(row.Blob.Span);
        context.Append(row.Context.Span);
    }

    private void AppendSpan(SpanFactsRow span)
    {
        spanIds.Elements.Append(span.SpanId);
        parentSpanIds.Elements.Append(span.ParentSpanId);
        names.Elements.Append(span.Name);
        services.Elements.Append(span.Service);
        scopes.Elements.Append(span.Scope);
        startTimes.Elements.Append(span.StartTimeMicros);
        endTimes.Elements.Append(span.EndTimeMicros);
        roles.Elements.Append(span.Role);
        ownerships.Elements.Append((sbyte)span.Ownership);
        supersededBys.Elements.Append(span.SupersededBy);
        dialects.Elements.Append(span.Dialect);
        for (var rest = (ulong)span.Flags; rest != 0; rest &= rest - 1)
        {
            flags.Elements.Elements.Append(SpanFlagNames.NameOf((SpanFlags)(1UL << BitOperations.TrailingZeroCount(rest))));
        }
        flags.Elements.EndRow();
        customers.Elements.Append(span.Customer);
        features.Elements.Append(span.Feature);
        AppendUnits(excess, span.Excess);
        AppendUnits(reported, span.Reported);
    }

    // Nearly always the owners themselves: then the arrays stay empty.
    private void AppendSaid(IReadOnlyList<SpanFactsRow> spans)
    {
        var (customersDiffer, featuresDiffer) = (false, false);
        for (var i = 0; i < spans.Count; i++)
        {
            customersDiffer |= spans[i].SaidCustomer != spans[i].Customer;
            featuresDiffer |= spans[i].SaidFeature != spans[i].Feature;
        }
        for (var i = 0; i < spans.Count; i++)
        {
            if (customersDiffer) saidCustomers.Elements.Append(spans[i].SaidCustomer);
            if (featuresDiffer) saidFeatures.Elements.Append(spans[i].SaidFeature);
        }
        saidCustomers.EndRow();
        saidFeatures.EndRow();
    }

    private void EndSpans()
    {
        spanIds.EndRow();
        parentSpanIds.EndRow();
        names.EndRow();
        services.EndRow();
        scopes.EndRow();
        startTimes.EndRow();
        endTimes.EndRow();
        roles.EndRow();
        ownerships.EndRow();
        supersededBys.EndRow();
        dialects.EndRow();
        flags.EndRow();
        customers.EndRow();
        features.EndRow();
        excess.EndRow();
        reported.EndRow();
    }

    private static void AppendUnits(UnitMaps column, UnitQuantity[] units)
    {
        foreach (var (unit, quantity) in units)
        {
            column.Elements.Keys.Append(unit);
            column.Elements.Values.Append(quantity);
        }
        column.Elements.EndRow();
    }
}
