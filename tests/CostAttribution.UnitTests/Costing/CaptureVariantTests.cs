using System.Globalization;
using System.Text.RegularExpressions;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Testing.Costing;
using CostAttribution.Testing.Otlp;
using CostAttribution.Testing.Wire.Collector;
using CostAttribution.Testing.Wire.Common;
using CostAttribution.Testing.Wire.Resources;
using CostAttribution.Testing.Wire.Traces;
using Google.Protobuf;
using Capture = CostAttribution.Testing.Otlp.Capture;

namespace CostAttribution.UnitTests.Costing;

/// <summary>
/// Captures that nobody took: ours, changed in one respect, and what must then hold against the unchanged one. What the product
/// might have learnt by heart from our captures does not survive here.
/// </summary>
public sealed partial class CaptureVariantTests
{
    public static TheoryData<string> Clients => new(Captures.Clients);

    [Theory, MemberData(nameof(Clients))]
    public void Usage_and_cost_scale_with_the_counts(string client)
    {
        const int factor = 7;
        var before = Rows(client);

        var after = Rows(client, span => Each(span, (key, value) => Scale(key, value, factor)));

        Assert.Equal(Keys(before), Keys(after));
        foreach (var (row, scaled) in before.Zip(after))
        {
            Assert.Equal(Counts(row).Select(count => count * factor), Counts(scaled));
            // No rate of these models changes within the sizes reached, so that money scales as the counts do.
            Assert.Equal(row.Cost.Cost.PicoUsd * factor, scaled.Cost.Cost.PicoUsd);
            Assert.Equal((row.Flags, row.Calls, row.FailedCalls), (scaled.Flags, scaled.Calls, scaled.FailedCalls));
        }
    }

    [Theory, MemberData(nameof(Clients))]
    public void Another_model_changes_the_price_and_nothing_else(string client)
    {
        (string From, string To)[] names =
        [
            ("gpt-4o-mini-2024-07-18", "gpt-4.1-mini-2025-04-14"), ("gpt-4o-mini", "gpt-4.1-mini"),
            ("gpt-4o-2024-08-06", "gpt-4.1-2025-04-14"), ("gpt-4o", "gpt-4.1"), ("gpt-5-mini", "gpt-5-nano"),
            ("claude-sonnet-4-5-20250929", "claude-opus-4-1-20250805"), ("claude-sonnet-4-5", "claude-opus-4-1"),
        ];
        string Rename(string text) => names.Aggregate(text, (so, name) => so.Replace(name.From, name.To, StringComparison.Ordinal));
        var before = Rows(client);

        var after = Rows(client, span => Texts(span, Rename));

        Assert.Equal(Keys(before), Keys(after));
        foreach (var (row, renamed) in before.Zip(after))
        {
            Assert.Equal(Counts(row), Counts(renamed));
            Assert.Equal(Rename(row.Model), renamed.Model);
            Assert.Equal((row.Flags, row.Provider, row.ServiceTier), (renamed.Flags, renamed.Provider, renamed.ServiceTier));
            Assert.Equal(row.Cost.Status, renamed.Cost.Status);
        }
    }

    [Theory, MemberData(nameof(Clients))]
    public void A_model_that_nobody_knows_is_unpriced_with_all_its_usage(string client)
    {
        string Rename(string text) => ModelNames().Replace(text, "house-model-9");
        var before = Rows(client);

        var after = Rows(client, span => Texts(span, Rename));

        Assert.Equal(Keys(before), Keys(after));
        foreach (var (row, renamed) in before.Zip(after))
        {
            Assert.Equal(Counts(row), Counts(renamed));
            Assert.Equal("house-model-9", renamed.Model);
            Assert.Equal(Money.Zero, renamed.Cost.Cost);
            Assert.Equal(row.Usage.IsZero ? PriceStatus.NoUsage : PriceStatus.UnpricedModel, renamed.Cost.Status);
        }
    }

    [Theory, MemberData(nameof(Clients))]
    public void A_second_run_of_the_same_costs_as_much_again(string client)
    {
        var before = Rows(client);
        var twice = Request(client);
        var second = twice.Clone();
        foreach (var span in Spans(second))
        {
            span.TraceId = Flip(span.TraceId);
            span.SpanId = Flip(span.SpanId);
            if (!span.ParentSpanId.IsEmpty) span.ParentSpanId = Flip(span.ParentSpanId);
            Texts(span, text => ResponseIds().Replace(text, "$0-second"));
        }
        twice.MergeFrom(second);

        var after = Rows(twice);

        Assert.Equal(before.Count * 2, after.Count);
        Assert.Equal(Sum(before) * 2, Sum(after));
        Assert.Equal(before.Sum(row => row.Calls) * 2, after.Sum(row => row.Calls));
    }

    [Theory, MemberData(nameof(Clients))]
    public void A_request_that_was_sent_twice_costs_nothing_more(string client)
    {
        var twice = Request(client);
        twice.MergeFrom(twice.Clone());

        Assert.Equal(OtlpBench.Standing(Rows(client)), OtlpBench.Standing(Rows(twice)));
    }

    [Theory, MemberData(nameof(Clients))]
    public void A_service_in_front_changes_neither_usage_nor_cost(string client)
    {
        var before = Rows(client);
        var request = Request(client);
        var roots = Spans(request).Where(span => span.ParentSpanId.IsEmpty).ToArray();
        foreach (var trace in roots.GroupBy(root => root.TraceId))
        {
            var front = new Span
            {
                TraceId = trace.Key, SpanId = Flip(trace.First().SpanId), Name = "POST /api", Kind = Span.Types.SpanKind.Server,
                StartTimeUnixNano = trace.Min(root => root.StartTimeUnixNano), EndTimeUnixNano = trace.Max(root => root.EndTimeUnixNano),
            };
            foreach (var root in trace) root.ParentSpanId = front.SpanId;
            var resource = new Resource { Attributes = { Text("service.name", "gateway") } };
            request.ResourceSpans.Add(new ResourceSpans { Resource = resource, ScopeSpans = { new ScopeSpans { Spans = { front } } } });
        }

        var after = Rows(request);

        Assert.Equal(Keys(before), Keys(after));
        static string What(LedgerEntry row) => $"{string.Join(' ', Counts(row))} {row.Cost.Cost} {row.CustomerId} {row.FeatureId} "
            + $"{row.Plan} {row.Flags}";
        Assert.Equal(before.Select(What), after.Select(What));
    }

    [Theory, MemberData(nameof(Clients))]
    public void Attributes_that_mean_nothing_change_nothing(string client)
    {
        var noisy = Rows(client, span =>
        {
            span.Attributes.Insert(0, Text("app.note", "input_tokens=99999"));
            span.Attributes.Add(new KeyValue { Key = "tokens", Value = new AnyValue { IntValue = 123_456 } });
            span.Attributes.Add(new KeyValue { Key = "input_tokens", Value = new AnyValue { IntValue = 123_456 } });
            span.Attributes.Add(new KeyValue { Key = "cost", Value = new AnyValue { DoubleValue = 12 } });
            span.Attributes.Add(Text("model", "gpt-4"));
        });

        Assert.Equal(OtlpBench.Standing(Rows(client)), OtlpBench.Standing(noisy));
    }

    [Theory, MemberData(nameof(Clients))]
    public void Without_any_one_span_nothing_is_counted_that_was_not_before(string client)
    {
        var bill = CaptureBill.Of(Capture(client));
        var whole = Rows(client);
        var count = Spans(Request(client)).Count();
        for (var missing = 0; missing < count; missing++)
        {
            var request = Request(client);
            Remove(request, missing);

            var rows = Rows(request);

            var what = $"without span {missing}\n{string.Join('\n', rows.Select(CostsText.Of))}";
            Assert.True(rows.Sum(row => row.Calls) <= whole.Sum(row => row.Calls), what);
            Assert.True(rows.Sum(row => row.Usage.InputTotal) <= whole.Sum(row => row.Usage.InputTotal), what);
            Assert.True(rows.Sum(BilledCall.OutputOf) <= whole.Sum(BilledCall.OutputOf), what);
            foreach (var row in rows.Where(row => row.Ownership == Ownership.Owner && !row.Usage.IsZero))
                Assert.True(CaptureBill.IsEstimate(client, row) || bill.Calls.Any(call => call.Matches(row)), what);
        }
    }

    [Theory, MemberData(nameof(Clients))]
    public void Without_response_ids_every_call_is_still_counted_once(string client)
    {
        var before = Rows(client);

        var after = Rows(client, span => RemoveKeys(span, key => key is "gen_ai.response.id" or "ai.response.id" or "llm.response.id"));

        var what = string.Join('\n', after.Select(CostsText.Of));
        Assert.True(before.Sum(row => row.Calls) == after.Sum(row => row.Calls), what);
        Assert.True(before.Sum(row => row.Usage.InputTotal) == after.Sum(row => row.Usage.InputTotal), what);
        Assert.True(before.Sum(BilledCall.OutputOf) == after.Sum(BilledCall.OutputOf), what);
        Assert.True(Sum(after) <= Sum(before), what);
    }

    [Theory, MemberData(nameof(Clients))]
    public void A_call_that_ends_in_an_error_after_its_usage_is_billed_all_the_same(string client)
    {
        var before = Rows(client);

        var after = Rows(client, span => span.Status = new Status { Code = Status.Types.StatusCode.Error });

        Assert.Equal(before.Where(row => !row.Usage.IsZero).Select(row => (row.SpanId, row.Cost.Cost)),
            after.Where(row => !row.Usage.IsZero).Select(row => (row.SpanId, row.Cost.Cost)));
    }

    [Theory, MemberData(nameof(Clients))]
    public void A_batch_costs_half(string client)
    {
        var before = Rows(client);

        var after = Rows(client, span =>
        {
            RemoveKeys(span, key => key.EndsWith("service_tier", StringComparison.Ordinal));
            Texts(span, text => TierMembers().Replace(text, "$1\"batch\""));
            span.Attributes.Add(Text("gen_ai.response.service_tier", "batch"));
        });

        Assert.Equal(Keys(before), Keys(after));
        foreach (var (row, batched) in before.Zip(after).Where(pair => !pair.First.Usage.IsZero))
            Assert.Equal(("batch", row.Cost.Cost.PicoUsd), (batched.ServiceTier, batched.Cost.Cost.PicoUsd * 2));
    }

    [Theory, MemberData(nameof(Clients))]
    public void A_failed_attempt_before_each_call_is_counted_and_costs_nothing(string client)
    {
        var before = Rows(client);
        var owners = before.Where(row => row.Calls > 0).Select(row => $"{row.SpanId}").ToHashSet();
        var request = Request(client);
        foreach (var scope in request.ResourceSpans.SelectMany(resource => resource.ScopeSpans))
        {
            foreach (var call in scope.Spans.Where(span => owners.Contains(Convert.ToHexStringLower(span.SpanId.Span))).ToArray())
            {
                var attempt = call.Clone();
                attempt.SpanId = Flip(call.SpanId);
                attempt.StartTimeUnixNano -= 20_000_000;
                attempt.EndTimeUnixNano = attempt.StartTimeUnixNano + 1_000_000;
                attempt.Status = new Status { Code = Status.Types.StatusCode.Error };
                RemoveKeys(attempt, key => AnswerKeys().IsMatch(key));
                scope.Spans.Add(attempt);
            }
        }

        var after = Rows(request);

        var what = string.Join('\n', after.Select(CostsText.Of));
        Assert.True(before.Sum(row => row.Calls) == after.Sum(row => row.Calls), what);
        Assert.True(before.Sum(row => row.FailedCalls) + owners.Count == after.Sum(row => row.FailedCalls), what);
        Assert.True(Sum(before) == Sum(after), what);
    }

    private static Capture Capture(string client) => Captures.Get(client, "grpc");

    private static ExportTraceServiceRequest Request(string client) => ExportTraceServiceRequest.Parser.ParseFrom(Capture(client).Body);

    private static List<LedgerEntry> Rows(string client, Action<Span>? change = null)
    {
        var request = Request(client);
        if (change is not null)
        {
            foreach (var span in Spans(request)) change(span);
        }
        return Rows(request);
    }

    private static List<LedgerEntry> Rows(ExportTraceServiceRequest request)
    {
        using var bench = new OtlpBench(ToldRun.Shipped);
        bench.Send(request.ToByteArray(), json: false);
        bench.Rest();
        return [.. OtlpBench.Net(bench.Rows).OrderBy(row => row.SpanId)];
    }

    private static IEnumerable<Span> Spans(ExportTraceServiceRequest request) =>
        request.ResourceSpans.SelectMany(resource => resource.ScopeSpans).SelectMany(scope => scope.Spans);

    private static void Remove(ExportTraceServiceRequest request, int index)
    {
        foreach (var scope in request.ResourceSpans.SelectMany(resource => resource.ScopeSpans))
        {
            if (index < scope.Spans.Count)
            {
                scope.Spans.RemoveAt(index);
                return;
            }
            index -= scope.Spans.Count;
        }
    }

    private static void RemoveKeys(Span span, Func<string, bool> isGone)
    {
        foreach (var pair in span.Attributes.Where(pair => isGone(pair.Key)).ToArray()) span.Attributes.Remove(pair);
    }

    private static void Each(Span span, Action<string, AnyValue> change)
    {
        foreach (var pair in span.Attributes) change(pair.Key, pair.Value);
    }

    private static void Texts(Span span, Func<string, string> change)
    {
        span.Name = change(span.Name);
        Each(span, (_, value) =>
        {
            if (value.ValueCase == AnyValue.ValueOneofCase.StringValue) value.StringValue = change(value.StringValue);
        });
    }

    // Every count of tokens, as a number or inside a JSON text.
    private static void Scale(string key, AnyValue value, int factor)
    {
        if (value.ValueCase == AnyValue.ValueOneofCase.StringValue)
        {
            value.StringValue = TokenMembers().Replace(value.StringValue, match => match.Groups[1].Value
                + (long.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture) * factor).ToString(CultureInfo.InvariantCulture));
        }
        else if (CountKeys().IsMatch(key) && value.ValueCase == AnyValue.ValueOneofCase.IntValue) value.IntValue *= factor;
        else if (CountKeys().IsMatch(key) && value.ValueCase == AnyValue.ValueOneofCase.DoubleValue) value.DoubleValue *= factor;
    }

    private static IEnumerable<(string, int)> Keys(List<LedgerEntry> rows) =>
        rows.Select(row => ($"{row.SpanId}", row.Calls - row.FailedCalls));

    private static long[] Counts(LedgerEntry row) => [row.Usage.InputTokens, row.Usage.CacheReadTokens, row.Usage.CacheWriteTokens,
        row.Usage.CacheWrite1hTokens, row.Usage.OutputTokens, row.Usage.ReasoningTokens];

    private static Int128 Sum(List<LedgerEntry> rows)
    {
        Int128 sum = 0;
        foreach (var row in rows) sum += row.Cost.Cost.PicoUsd;
        return sum;
    }

    private static KeyValue Text(string key, string value) => new() { Key = key, Value = new AnyValue { StringValue = value } };

    private static ByteString Flip(ByteString id) => ByteString.CopyFrom([.. id.Select(part => (byte)~part)]);

    [GeneratedRegex(@"(gpt|o3|o1|claude|text-embedding)-[a-z0-9.-]*[a-z0-9]")]
    private static partial Regex ModelNames();

    [GeneratedRegex(@"\b(chatcmpl|resp|msg)[-_][A-Za-z0-9_-]+")]
    private static partial Regex ResponseIds();

    [GeneratedRegex("(\"[A-Za-z0-9_]*[tT]okens[A-Za-z0-9_]*\"\\s*:\\s*)([0-9]+)")]
    private static partial Regex TokenMembers();

    [GeneratedRegex("(\"service_tier\"\\s*:\\s*)\"[a-z]+\"")]
    private static partial Regex TierMembers();

    [GeneratedRegex("usage|token_count|response|output|completion|cost")]
    private static partial Regex AnswerKeys();

    [GeneratedRegex("^(?!.*max_tokens)(gen_ai|llm|ai|anthropic)\\.(usage|token_count)\\.")]
    private static partial Regex CountKeys();
}
