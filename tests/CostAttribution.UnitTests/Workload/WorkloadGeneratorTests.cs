using CostAttribution.Workload.Dialects;
using CostAttribution.Workload.Product;
using CostAttribution.Workload.Runs;

namespace CostAttribution.UnitTests.Workload;

public sealed class WorkloadGeneratorTests
{
    [Fact]
    public void The_same_options_give_the_same_bytes()
    {
        var first = WorkloadKit.Default;
        var second = WorkloadKit.Generate();

        Assert.Equal(first.Requests.Count, second.Requests.Count);
        Assert.All(first.Requests.Zip(second.Requests), pair =>
        {
            Assert.Equal(pair.First.Body, pair.Second.Body);
            Assert.Equal(pair.First.DueAfter, pair.Second.DueAfter);
        });
        Assert.Equal(first.Generator.Truth.Total(), second.Generator.Truth.Total());
    }

    [Fact]
    public void Another_seed_or_another_start_gives_other_trace_ids()
    {
        var first = WorkloadKit.Default;
        var seeded = WorkloadKit.Generate(options => options with { Seed = 7 });
        var later = WorkloadKit.Generate(options => options with { Start = options.Start.AddSeconds(1) });

        var known = first.Spans.Select(span => span.TraceId).ToHashSet();
        Assert.DoesNotContain(seeded.Spans, span => known.Contains(span.TraceId));
        Assert.DoesNotContain(later.Spans, span => known.Contains(span.TraceId));
    }

    [Fact]
    public void Every_trace_id_begins_with_the_workloads_prefix()
    {
        var kit = WorkloadKit.Default;

        Assert.Equal(8, kit.Generator.TracePrefix.Length);
        Assert.All(kit.Spans, span => Assert.StartsWith(kit.Generator.TracePrefix, span.TraceId, StringComparison.Ordinal));
    }

    [Fact]
    public void The_truth_equals_the_sums_over_the_spans_of_the_calls()
    {
        var kit = WorkloadKit.Default;
        var spans = kit.ByKey;
        var sum = new CallUsage();
        long calls = 0, failed = 0, missing = 0;
        foreach (var (key, call) in kit.Calls)
        {
            var usage = WorkloadKit.UsageOn(spans[key]);
            Assert.Equal(call.HasUsage ? call.Usage : null, usage);
            Assert.Equal(call.Failed, (int)(spans[key].Span.Status?.Code ?? 0) == 2);
            sum += usage ?? default;
            if (call.Outcome == CallOutcome.Rejected) failed++;
            else calls++;
            if (call.Outcome == CallOutcome.NoUsage) missing++;
        }

        var truth = kit.Generator.Truth.Total();
        Assert.Equal((calls, failed, missing), (truth.Calls, truth.FailedCalls, truth.UsageMissingCalls));
        Assert.Equal(sum, new CallUsage(truth.InputTokens, truth.CacheReadTokens, truth.CacheWriteTokens,
            truth.CacheWrite1hTokens, truth.OutputTokens, truth.ReasoningTokens));
    }

    [Fact]
    public void Every_other_span_with_usage_repeats_a_call_or_sums_up_its_descendants()
    {
        var kit = WorkloadKit.Default;
        var owners = kit.Calls.Select(call => call.SpanKey).ToHashSet();
        var spans = kit.ByKey;
        string[] containers = ["invoke_agent", "orchestrate_tools", "ai.generateText", "ai.embed"];
        foreach (var span in spans.Values.Where(span => WorkloadKit.UsageOn(span) is not null && !owners.Contains(span.Key)))
        {
            var repeats = owners.Contains(span.ParentKey);
            Assert.True(repeats || containers.Contains(span.Span.Name.Split(' ')[0]), $"{span.Scope}: {span.Span.Name}");
        }
    }

    [Fact]
    public void Every_dialect_and_every_oddity_occurs()
    {
        var kit = WorkloadKit.Large;
        var truth = kit.Generator.Truth;
        var outcomes = kit.Calls.Select(call => call.Call.Outcome).Distinct();

        Assert.Equal(4, outcomes.Count());
        var total = truth.Total();
        long[] kinds =
        [
            total.CacheReadTokens, total.CacheWriteTokens, total.CacheWrite1hTokens, total.ReasoningTokens,
            total.UsageMissingCalls, truth.DuplicateSpans,
        ];
        Assert.DoesNotContain(0, kinds);
        Assert.Equal(WorkflowProfile.All.Length, truth.Runs.Count);
        Assert.Contains(truth.Runs.Values, runs => runs.Failed > 0);
        Assert.Contains("", truth.By(key => key.Customer).Keys);
        Assert.Equal(CustomerProfile.All.Length + 1, truth.By(key => key.Customer).Count);
        Assert.Subset(kit.Spans.Select(span => span.Scope).ToHashSet(), ExpectedScopes.ToHashSet());
    }

    private static readonly string[] ExpectedScopes =
    [
        "roastery.genai", "roastery.llm-client", "com.anthropic.sdk.python", "ai", "gen_ai",
        "openinference.instrumentation.anthropic",
        "Experimental.Microsoft.Extensions.AI", "OpenAI.ChatClient", "litellm", "strands.telemetry.tracer",
        "opentelemetry.instrumentation.botocore.bedrock-runtime",
    ];

    [Fact]
    public void Children_arrive_before_parents_and_one_trace_from_several_exporters()
    {
        var kit = WorkloadKit.Default;
        var first = kit.ByKey;

        var childFirst = first.Values.Count(span => span.ParentKey.Length > 0 && first[span.ParentKey].Request > span.Request);
        var several = first.Values.GroupBy(span => span.TraceId)
            .Count(trace => trace.Select(span => span.Service).Distinct().Count() > 1);

        Assert.True(childFirst > first.Count / 10, $"{childFirst} of {first.Count}");
        Assert.True(several > kit.Generator.Truth.Traces / 2, $"{several} of {kit.Generator.Truth.Traces}");
    }

    [Fact]
    public void Every_trace_is_whole_in_the_end_and_counted_once()
    {
        var kit = WorkloadKit.Default;
        var spans = kit.ByKey;

        Assert.All(spans.Values.Where(span => span.ParentKey.Length > 0), span => Assert.Contains(span.ParentKey, spans.Keys));
        Assert.All(spans.Values.GroupBy(span => span.TraceId), trace => Assert.Single(trace, span => span.ParentKey.Length == 0));
        Assert.Equal((kit.Generator.Truth.Spans, kit.Generator.Truth.DuplicateSpans),
            (spans.Count, kit.Spans.Count - spans.Count));
        Assert.Equal(kit.Requests.Sum(request => request.Spans), kit.Spans.Count);
        Assert.Equal(kit.Generator.Truth.Traces, spans.Values.Select(span => span.TraceId).Distinct().Count());
    }

    [Fact]
    public void No_event_lies_outside_the_history_or_after_it_is_sent()
    {
        var kit = WorkloadKit.Default;
        var oldest = (kit.Options.Start - kit.Options.History).ToUnixTimeMilliseconds();
        Assert.All(kit.Spans, span =>
        {
            Assert.True((long)(span.Span.StartTimeUnixNano / 1_000_000) >= oldest);
            var sent = (kit.Options.Start + kit.Requests[span.Request].DueAfter).ToUnixTimeMilliseconds();
            Assert.True((long)(span.Span.EndTimeUnixNano / 1_000_000) <= sent);
            Assert.True(span.Span.EndTimeUnixNano >= span.Span.StartTimeUnixNano);
        });
        var days = kit.Spans.Select(span => span.Span.StartTimeUnixNano / 86_400_000_000_000).Distinct().Count();
        Assert.InRange(days, 13, 16);
    }

    [Fact]
    public void Attempts_at_one_call_are_bounded()
    {
        var kit = WorkloadKit.Large;
        var spans = kit.ByKey;
        var mostRejected = kit.Calls.Where(call => call.Call.Outcome == CallOutcome.Rejected)
            .GroupBy(call => (spans[call.SpanKey].TraceId, call.Call.Turn, call.Call.Kind))
            .Max(attempts => attempts.Count());

        // A document is summarised in up to six conversations, each beginning at turn 0.
        Assert.InRange(mostRejected, Conversation.AttemptsMax, Conversation.AttemptsMax * 6);
        var failedRuns = kit.Generator.Truth.Runs["enrich-catalogue"].Failed;
        Assert.True(failedRuns > 0);
    }

    [Fact]
    public void One_customer_uses_far_more_than_any_other()
    {
        var kit = WorkloadKit.Large;
        var tokens = kit.Generator.Truth.By(key => key.Customer)
            .Select(pair => (pair.Key, Used: pair.Value.InputTokens + pair.Value.CacheReadTokens + pair.Value.CacheWriteTokens))
            .OrderByDescending(pair => pair.Used).ToList();

        Assert.Equal("meridian-bank", tokens[0].Key);
        Assert.True(tokens[0].Used > 2 * tokens[1].Used);
    }

    [Fact]
    public void The_pace_follows_the_rate()
    {
        var kit = WorkloadKit.Generate(options => options with { Rate = 600 });

        Assert.InRange(kit.Requests[^1].DueAfter.TotalSeconds, 10, 60);
        Assert.True(kit.Requests.Zip(kit.Requests.Skip(1)).All(pair => pair.First.DueAfter <= pair.Second.DueAfter));
    }

    [Fact]
    public void A_dialect_that_is_left_out_does_not_appear()
    {
        var kit = WorkloadKit.Generate(options => options with { Dialects = DialectSet.Semconv, Spans = 2_000 });

        Assert.DoesNotContain(kit.Spans, span => ExpectedScopes.Except(["roastery.genai"]).Contains(span.Scope));
    }

    [Fact]
    public void Prompts_stay_within_their_limit_and_can_be_left_out()
    {
        var without = WorkloadKit.Generate(options => options with { ContentBytesMax = 0, Spans = 2_000 });
        var with = WorkloadKit.Generate(options => options with { ContentBytesMax = 300, Spans = 2_000 });

        Assert.DoesNotContain(without.Spans,
            span => span.Text("gen_ai.input.messages").Length > 0 || span.Text("input.value").Length > 0);
        Assert.Contains(with.Spans, span => span.Text("input.value").Length == 300);
        Assert.All(with.Spans, span => Assert.True(span.Text("input.value").Length <= 300));
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => WorkloadKit.Generate(options => options with { Customers = 13 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => WorkloadKit.Generate(options => options with { Spans = 0 }));
    }
}
