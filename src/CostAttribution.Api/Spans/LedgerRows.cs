using System.Globalization;
using CostAttribution.Api.Reading;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.Api.Spans;

/// <summary>Reads ledger rows and tells which of them stand.</summary>
internal static class LedgerRows
{
    private const string NoEntry = "00000000000000000000000000000000";

    private const string Columns = """
        lower(hex(entry_id)) AS entry, lower(hex(corrects)) AS corrected, toString(entry_kind) AS entry_kind_name,
            toString(cost_kind) AS cost_kind_name, sign, cost_item, reason, posting_id,
            toUnixTimestamp64Milli(posted_at) AS posted_millis, toUnixTimestamp64Micro(event_time) AS event_micros,
            toString(accounting_date) AS accounting_day, trace_id, span_id, parent_span_id, run_id, workflow, step, agent,
                attempt,
            toString(call_status) AS call_status_name, operation, provider, model, request_model, service_tier, region, seller,
            customer_id, feature_id, product, team, environment, user_id, session_id, plan, audience, dimensions,
            toString(customer_evidence) AS customer_evidence_name, toString(feature_evidence) AS feature_evidence_name,
            input_tokens, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens,
                other_units,
            calls, failed_calls, input_cost, cache_read_cost, cache_write_cost, output_cost, reasoning_cost, other_cost,
            cost, list_cost, provider_reported_cost, retry_cost, toString(price_status) AS price_status_name, unpriced_unit,
                rate_id,
            rate_book_version, attribution_version, toString(ownership) AS ownership_name, flags
        """;

    /// <summary>The statement for all rows that meet the condition, span by span, each span's rows in the order posted.</summary>
    public static string Sql(string condition, int limit) => string.Create(CultureInfo.InvariantCulture, $"""
        SELECT {Columns}
        FROM cost_ledger
        WHERE {condition}
        ORDER BY trace_id, span_id, posted_at, cost_item, sign, entry_id
        LIMIT {limit}
        """);

    public static LedgerRow Read(StoreRow row) => new()
    {
        EntryId = row.Text("entry"),
        Corrects = row.Text("corrected") is var corrected && corrected == NoEntry ? "" : corrected,
        EntryKind = row.Text("entry_kind_name"),
        CostKind = row.Text("cost_kind_name"),
        Sign = row.Count("sign"),
        CostItem = row.Text("cost_item"),
        Reason = row.Text("reason"),
        PostingId = row.Text("posting_id"),
        PostedAt = row.Millis("posted_millis"),
        EventTime = row.Micros("event_micros"),
        AccountingDate = row.Text("accounting_day"),
        TraceId = row.Text("trace_id"),
        SpanId = row.Text("span_id"),
        ParentSpanId = row.Text("parent_span_id"),
        RunId = row.Text("run_id"),
        Workflow = row.Text("workflow"),
        Step = row.Text("step"),
        Agent = row.Text("agent"),
        Attempt = row.Count("attempt"),
        CallStatus = row.Text("call_status_name"),
        Operation = row.Text("operation"),
        Provider = row.Text("provider"),
        Model = row.Text("model"),
        RequestModel = row.Text("request_model"),
        ServiceTier = row.Text("service_tier"),
        Region = row.Text("region"),
        Seller = row.Text("seller"),
        Attribution = ReadAttribution(row),
        Usage = SpanUsage.Read(row),
        Calls = row.Count("calls"),
        FailedCalls = row.Count("failed_calls"),
        Components = ReadComponents(row),
        Cost = row.Money("cost"),
        ListCost = row.Money("list_cost"),
        ProviderReportedCost = row.MoneyOrNull("provider_reported_cost"),
        RetryCost = row.Money("retry_cost"),
        PriceStatus = row.Text("price_status_name"),
        UnpricedUnit = row.Text("unpriced_unit"),
        RateId = row.Text("rate_id"),
        RateBookVersion = row.Count("rate_book_version"),
        AttributionVersion = row.Count("attribution_version"),
        Ownership = row.Text("ownership_name"),
        Flags = row.Texts("flags"),
    };

    /// <summary>The rows that no reversal among them takes back, reversals themselves left out.</summary>
    public static List<LedgerRow> Standing(IReadOnlyList<LedgerRow> rows)
    {
        var reversed = rows.Where(row => row.Sign < 0).Select(row => row.Corrects).ToHashSet(StringComparer.Ordinal);
        return [.. rows.Where(row => row.Sign > 0 && !reversed.Contains(row.EntryId))];
    }

    /// <summary>Puts every reversal right behind the row it takes back when both were posted in the same instant.</summary>
    public static List<LedgerRow> InOrder(IReadOnlyList<LedgerRow> rows)
    {
        var ordered = new List<LedgerRow>(rows.Count);
        var waiting = rows.ToList();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var known = rows.Select(row => row.EntryId).ToHashSet(StringComparer.Ordinal);
        while (waiting.Count > 0)
        {
            // In a good ledger the first row is always free; a reference in a circle must not hang the answer.
            var next =
                Math.Max(0, waiting.FindIndex(row =>
                    row.Corrects.Length == 0 || seen.Contains(row.Corrects) || !known.Contains(row.Corrects)));
            ordered.Add(waiting[next]);
            seen.Add(waiting[next].EntryId);
            waiting.RemoveAt(next);
        }
        return ordered;
    }

    public static Money Sum(IEnumerable<LedgerRow> rows, Func<LedgerRow, Money> measure) =>
        rows.Aggregate(Money.Zero, (sum, row) => sum + measure(row));

    private static Attribution ReadAttribution(StoreRow row) => new()
    {
        Customer = row.Text("customer_id"),
        CustomerEvidence = row.Text("customer_evidence_name"),
        Feature = row.Text("feature_id"),
        FeatureEvidence = row.Text("feature_evidence_name"),
        Product = row.Text("product"),
        Team = row.Text("team"),
        Environment = row.Text("environment"),
        User = row.Text("user_id"),
        Session = row.Text("session_id"),
        Plan = row.Text("plan"),
        Audience = row.Text("audience"),
        Dimensions = row.TextMap("dimensions"),
    };

    private static CostComponents ReadComponents(StoreRow row) => new()
    {
        Input = row.Money("input_cost"),
        CacheRead = row.Money("cache_read_cost"),
        CacheWrite = row.Money("cache_write_cost"),
        Output = row.Money("output_cost"),
        Reasoning = row.Money("reasoning_cost"),
        Other = row.Money("other_cost"),
    };
}
