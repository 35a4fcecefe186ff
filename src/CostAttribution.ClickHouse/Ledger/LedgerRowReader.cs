using System.Numerics;
using CostAttribution.ClickHouse.Native;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;

namespace CostAttribution.ClickHouse.Ledger;

/// <summary>
/// Reads rows of <c>cost_ledger</c> back as the entries they were written from: the exact inverse of <see
/// cref="CostLedgerBlock"/>,
/// additive columns turned positive again. <c>Overflowed</c> is not stored by itself: it is the flag of the same name.
/// </summary>
internal sealed class LedgerRowReader(NativeBlock block)
{
    private static readonly string[] Names = ["event_time", "posted_at", "entry_kind", "cost_kind", "sign", "entry_id",
        "corrects", "revision",
        "cost_item", "reason", "posting_id", "accounting_date", "trace_id", "span_id", "parent_span_id", "run_id", "workflow",
        "step",
        "agent", "attempt", "call_status", "operation", "provider", "model", "request_model", "service_tier", "region", "seller",
        "provider_account", "provider_project", "provider_key", "geography", "endpoint", "speed",
        "customer_id",
        "feature_id", "product", "team", "environment", "user_id", "session_id", "plan", "audience", "dimensions",
        "customer_evidence",
        "feature_evidence", "input_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens", "output_tokens",
        "reasoning_tokens", "other_units", "calls", "failed_calls", "input_cost", "cache_read_cost", "cache_write_cost",
        "output_cost",
        "reasoning_cost", "other_cost", "list_cost", "retry_cost", "provider_reported_cost", "price_status", "unpriced_unit",
        "rate_id",
        "rate_book_version", "attribution_version", "ownership", "flags"];

    /// <summary>The columns read, in a fixed order; <c>cost</c> is the sum of its components and not read.</summary>
    public static readonly string ColumnList = string.Join(", ", Names);

    private readonly Dictionary<string,
        NativeValues> columns = block.Columns.ToDictionary(column => column.Name, column => column.Values);

    /// <summary>Throws <see cref="InvalidDataException"/> for a row that says something this program does not know.</summary>
    public LedgerEntry At(int row)
    {
        var sign = Fixed<sbyte>("sign", row);
        if (sign is not (1 or -1)) throw new InvalidDataException($"a ledger row has sign {sign}");
        var entry = new LedgerEntry
        {
            EntryId = Values<FixedWidthValues>("entry_id").BigEndianAt(row),
            Corrects = Values<FixedWidthValues>("corrects").BigEndianAt(row),
            EntryKind = Known<EntryKind>("entry_kind", row),
            Sign = sign,
            Reason = SchemaEnums.Reason(Low("reason", row)),
            PostingId = Text("posting_id", row),
            PostedAtMillis = Fixed<long>("posted_at", row),
            Revision = Revision(row),
            CostKind = Known<CostKind>("cost_kind", row),
            CostItem = Low("cost_item", row),
            EventTimeMicros = Fixed<long>("event_time", row),
            AccountingDay = Fixed<ushort>("accounting_date", row),
            TraceId = ParseTrace(Text("trace_id", row)),
            SpanId = ParseSpan(Text("span_id", row)),
            ParentSpanId = ParseSpan(Text("parent_span_id", row)),
            CustomerEvidence = Known<Evidence>("customer_evidence", row),
            FeatureEvidence = Known<Evidence>("feature_evidence", row),
            Dimensions = Pairs("dimensions", row),
            Calls = (sbyte)(sign * Fixed<sbyte>("calls", row)),
            FailedCalls = (sbyte)(sign * Fixed<sbyte>("failed_calls", row)),
            ProviderReportedCost = Reported(row, sign),
            RetryCost = Cost("retry_cost", row, sign),
            RateBookVersion = Fixed<long>("rate_book_version", row),
            AttributionVersion = Fixed<long>("attribution_version", row),
            Ownership = Known<Ownership>("ownership", row),
            Flags = Flags(row),
        };
        ReadRun(entry, row);
        ReadIdentity(entry, row);
        ReadUsage(ref entry.Usage, row, sign);
        ReadCost(ref entry.Cost, row, sign, entry.Flags);
        return entry;
    }

    public TraceId TraceAt(int row) => ParseTrace(Text("trace_id", row));

    public static TraceId ParseTrace(string text) =>
        TraceId.TryParse(text, out var id) ? id : throw new InvalidDataException($"the store holds '{text}' as a trace id");

    private static SpanId ParseSpan(string text) =>
        text.Length == 0 ? default : SpanId.TryParse(text, out var id) ? id
            : throw new InvalidDataException($"the store holds '{text}' as a span id");

    private void ReadRun(LedgerEntry entry, int row)
    {
        entry.RunId = Text("run_id", row);
        entry.Workflow = Low("workflow", row);
        entry.Step = Low("step", row);
        entry.Agent = Low("agent", row);
        entry.Attempt = Fixed<ushort>("attempt", row);
        entry.CallStatus = Known<CallStatus>("call_status", row);
        entry.Operation = Low("operation", row);
        entry.Provider = Low("provider", row);
        entry.Model = Low("model", row);
        entry.RequestModel = Low("request_model", row);
        entry.ServiceTier = Low("service_tier", row);
        entry.Region = Low("region", row);
        entry.Seller = Low("seller", row);
        entry.ProviderAccount = Low("provider_account", row);
        entry.ProviderProject = Low("provider_project", row);
        entry.ProviderKey = Low("provider_key", row);
        entry.Geography = Low("geography", row);
        entry.Endpoint = Low("endpoint", row);
        entry.Speed = Low("speed", row);
    }

    private void ReadIdentity(LedgerEntry entry, int row)
    {
        entry.CustomerId = Text("customer_id", row);
        entry.FeatureId = Text("feature_id", row);
        entry.Product = Text("product", row);
        entry.Team = Text("team", row);
        entry.Environment = Text("environment", row);
        entry.UserId = Text("user_id", row);
        entry.SessionId = Text("session_id", row);
        entry.Plan = Text("plan", row);
        entry.Audience = Text("audience", row);
    }

    private void ReadUsage(ref UsageVector usage, int row, long sign)
    {
        usage.InputTokens = sign * Fixed<long>("input_tokens", row);
        usage.CacheReadTokens = sign * Fixed<long>("cache_read_tokens", row);
        usage.CacheWriteTokens = sign * Fixed<long>("cache_write_tokens", row);
        usage.CacheWrite1hTokens = sign * Fixed<long>("cache_write_1h_tokens", row);
        usage.OutputTokens = sign * Fixed<long>("output_tokens", row);
        usage.ReasoningTokens = sign * Fixed<long>("reasoning_tokens", row);
        usage.OtherUnits = Units(row, sign);
    }

    private void ReadCost(ref CostBreakdown cost, int row, int sign, SpanFlags flags)
    {
        cost.InputCost = Cost("input_cost", row, sign);
        cost.CacheReadCost = Cost("cache_read_cost", row, sign);
        cost.CacheWriteCost = Cost("cache_write_cost", row, sign);
        cost.OutputCost = Cost("output_cost", row, sign);
        cost.ReasoningCost = Cost("reasoning_cost", row, sign);
        cost.OtherCost = Cost("other_cost", row, sign);
        cost.ListCost = Cost("list_cost", row, sign);
        cost.Status = Known<PriceStatus>("price_status", row);
        cost.RateId = Low("rate_id", row);
        cost.UnpricedUnit = Low("unpriced_unit", row) is { Length: > 0 } unit ? unit : null;
        cost.Overflowed = flags.HasFlag(SpanFlags.CostOverflow);
    }

    private UnitQuantity[]? Units(int row, long sign)
    {
        var map = Values<ArrayValues>("other_units");
        var (start, end) = (map.Start(row), map.End(row));
        if (start == end) return null;
        var pairs = (TupleValues)map.Elements;
        var (names, quantities) = ((StringValues)pairs.Places[0], (FixedWidthValues)pairs.Places[1]);
        var units = new UnitQuantity[end - start];
        for (var i = start; i < end; i++) units[i - start] = new UnitQuantity(names.At(i), sign * quantities.At<long>(i));
        return units;
    }

    private KeyValuePair<string, string>[] Pairs(string name, int row)
    {
        var map = Values<ArrayValues>(name);
        var (start, end) = (map.Start(row), map.End(row));
        if (start == end) return [];
        var pairs = (TupleValues)map.Elements;
        var (keys, values) = ((LowCardinalityValues)pairs.Places[0], (StringValues)pairs.Places[1]);
        var result = new KeyValuePair<string, string>[end - start];
        for (var i = start; i < end; i++) result[i - start] = new(keys.At(i), values.At(i));
        return result;
    }

    private SpanFlags Flags(int row)
    {
        var list = Values<ArrayValues>("flags");
        var names = (LowCardinalityValues)list.Elements;
        var (start, end) = (list.Start(row), list.End(row));
        if (start == end) return SpanFlags.None;
        var flags = SpanFlagNames.FromNames(Enumerable.Range(start, end - start).Select(names.At));
        // A reversal copies every column: without a flag that it does not know it would not be one.
        if (BitOperations.PopCount((ulong)flags) == end - start) return flags;
        throw new InvalidDataException("a ledger row has a flag that is unknown to this program");
    }

    private int Revision(int row) => Fixed<uint>("revision", row) is <= int.MaxValue and var revision ? (int)revision
        : throw new InvalidDataException("a ledger row has a revision beyond all that are given");

    private T Known<T>(string name, int row) where T : struct, Enum => SchemaEnums.Known<T>(Fixed<sbyte>(name, row));

    private Money? Reported(int row, int sign)
    {
        var values = Values<NullableValues>("provider_reported_cost");
        return values.IsNull(row) ? null : new Money(sign * ((FixedWidthValues)values.Values).At<Int128>(row));
    }

    private Money Cost(string name, int row, int sign) => new(sign * Fixed<Int128>(name, row));

    private T Fixed<T>(string name, int row) where T : unmanaged => Values<FixedWidthValues>(name).At<T>(row);

    private string Text(string name, int row) => Values<StringValues>(name).At(row);

    private string Low(string name, int row) => Values<LowCardinalityValues>(name).At(row);

    private T Values<T>(string name) where T : NativeValues => (T)columns[name];
}
