using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Tracing;
using CostAttribution.Testing.Costing;

namespace CostAttribution.UnitTests.Costing;

/// <summary>Random trees against a slow, obvious election.</summary>
public sealed class CostingPropertyTests
{
    private const int Seeds = 300;

    [Fact]
    public void Usage_is_counted_once_whatever_the_tree()
    {
        var costing = new TraceCosting();
        var costs = new TraceCosts();
        for (var seed = 1; seed <= Seeds; seed++)
        {
            var tree = RandomTree.Make(new Random(seed));
            using var trace = TracePlan.Collect(tree.Spans());

            costing.Cost(trace, TraceContext.Empty, RateBook.Empty, AttributionTable.Default, costs);

            var (input, output) = tree.ReferenceBill();
            Assert.True(input == costs.Entries.Sum(entry => entry.Usage.InputTotal)
                && output == costs.Entries.Sum(entry => entry.Usage.OutputTokens),
                $"seed {seed}: expected {input}/{output}\n{CostsText.Of(costs)}");
            Assert.Equal(tree.Calls(), costs.Entries.Where(entry => entry.Ownership == Ownership.Owner).Sum(entry => entry.Calls
                + entry.FailedCalls));
            Assert.Equal((costs.Segment.InputTokens, costs.Segment.OutputTokens), (input, output));
        }
    }

    [Fact]
    public void Order_and_repetition_never_change_the_outcome()
    {
        var costing = new TraceCosting();
        for (var seed = 1; seed <= Seeds; seed++)
        {
            var random = new Random(seed);
            var spans = RandomTree.Make(random).Spans().ToArray();
            var expected = Cost(costing, spans);
            var shuffled = spans.Concat(spans.Where(_ => random.Next(3) == 0)).ToArray();
            random.Shuffle(shuffled);

            Assert.Equal(expected, Cost(costing, shuffled));
        }
    }

    [Fact]
    public void A_worker_that_has_seen_other_traces_gives_the_same_answer()
    {
        var used = new TraceCosting();
        for (var seed = 1; seed <= 50; seed++)
        {
            var spans = RandomTree.Make(new Random(seed)).Spans().ToArray();

            Assert.Equal(Cost(new TraceCosting(), spans), Cost(used, spans));
        }
    }

    [Theory]
    [InlineData(Shape.Chain)]
    [InlineData(Shape.Fan)]
    [InlineData(Shape.ChainOfCalls)]
    [InlineData(Shape.FanOfTwins)]
    [InlineData(Shape.Circle)]
    public void A_hundred_thousand_spans_in_any_shape_are_costed_in_time(Shape shape)
    {
        var spans = Enumerable.Range(0, 100_000).Select(i => Of(shape, i)).ToArray();
        using var trace = TracePlan.CollectAtOnce(spans);
        var costs = new TraceCosts();
        var started = TimeProvider.System.GetTimestamp();

        new TraceCosting().Cost(trace, TraceContext.Empty, RateBook.Empty, AttributionTable.Default, costs);

        // Linear work takes well under a second; anything quadratic takes many minutes.
        Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromMinutes(2));
        Assert.Equal(spans.Length, costs.Spans.Count);
    }

    public enum Shape { Chain, Fan, ChainOfCalls, FanOfTwins, Circle }

    private static SpanPlan Of(Shape shape, int i)
    {
        var plan = new SpanPlan { Id = "n" + i, Parent = i == 0 ? "" : "n" + (i - 1), StartMillis = i,
            EndMillis = 1_000_000 - i };
        return shape switch
        {
            Shape.Chain => plan with { Attributes = [new("gen_ai.operation.name", "invoke_agent"),
                new("gen_ai.usage.input_tokens", 5L), new("tenant.id", "t" + i)] },
            Shape.Fan => plan with { Parent = i == 0 ? "" : "n0", Attributes = Call(i % 7) },
            Shape.ChainOfCalls => plan with { Attributes = Call(i) },
            Shape.FanOfTwins => plan with { Parent = i == 0 ? "" : "n0", Scope = i % 2 == 0 ? "a" : "b", Attributes = Call(5) },
            _ => plan with { Parent = "n" + (i + 99_999) % 100_000, Attributes = Call(i % 3) },
        };
    }

    private static KeyValuePair<string, object>[] Call(long output) =>
        [new("gen_ai.operation.name", "chat"), new("gen_ai.usage.input_tokens", 100L), new("gen_ai.usage.output_tokens", output)];

    private static string Cost(TraceCosting costing, IEnumerable<SpanPlan> spans)
    {
        using var trace = TracePlan.Collect(spans);
        var costs = new TraceCosts();
        costing.Cost(trace, TraceContext.Empty with { Final = true }, RateBook.Empty, AttributionTable.Default, costs);
        return CostsText.Of(costs);
    }

    /// <summary>A tree of agents, steps, tools and calls; calls may be wrapped by a second instrumentation.</summary>
    private sealed class RandomTree
    {
        private readonly List<RandomTree> children = [];
        private string id = "", parent = "", role = "";
        private long input, output;
        private bool hasUsage, failed;
        private string responseId = "", scope = "app";
        private int start, end;

        public static RandomTree Make(Random random)
        {
            var count = 0;
            var root = Make(random, "", random.Next(1, 5), ref count);
            var clock = 0;
            root.SetTimes(ref clock);
            return root;
        }

        public IEnumerable<SpanPlan> Spans() => [ToPlan(), .. children.SelectMany(child => child.Spans())];

        /// <summary>What must be billed for the subtree, by the text of the rules.</summary>
        public (long Input, long Output) ReferenceBill()
        {
            if (role == "chat") return hasUsage ? (input, output) : (0, 0);
            var below = children.Select(child => child.ReferenceBill()).Aggregate((0L, 0L), (sum, child) =>
                (sum.Item1 + child.Input, sum.Item2 + child.Output));
            if (role != "invoke_agent" || !hasUsage) return below;
            if (All().Any(node => node.role == "chat" && node.hasUsage && node != this)) return below;
            if (!All().Any(node => node.role == "invoke_agent" && node.hasUsage && node != this)) return (input, output);
            var surplus = (input - below.Item1, output - below.Item2);
            return surplus is { Item1: >= 0, Item2: >= 0 } ? (below.Item1 + surplus.Item1, below.Item2 + surplus.Item2) : below;
        }

        /// <summary>Calls and failed attempts; a wrapped call is one.</summary>
        public long Calls() => role == "chat" ? 1 : children.Sum(child => child.Calls());

        private IEnumerable<RandomTree> All() => [this, .. children.SelectMany(child => child.All())];

        private static RandomTree Make(Random random, string parent, int depth, ref int count)
        {
            var kind = depth == 0 ? 4 : random.Next(6);
            var node = new RandomTree { id = "r" + count++, parent = parent };
            node.role = kind switch { 0 or 1 => "invoke_agent", 2 => "agent_step", 3 => "execute_tool", 4 => "chat", _ => "" };
            if (node.role == "chat") MakeCall(random, node, ref count);
            if (node.role != "invoke_agent" && node.role != "agent_step" && node.role != "") return node;
            for (var children = random.Next(4); children > 0; children--)
                node.children.Add(Make(random, node.id, depth == 0 ? 0 : depth - 1, ref count));
            node.hasUsage = node.role == "invoke_agent" && random.Next(2) == 0
                && node.All().All(other => other == node || other.role != "chat" || other.hasUsage || other.failed);
            (node.input, node.output) = (random.Next(1, 5000), random.Next(1, 500));
            return node;
        }

        private static void MakeCall(Random random, RandomTree node, ref int count)
        {
            node.failed = random.Next(6) == 0;
            node.hasUsage = !node.failed;
            (node.input, node.output) = (random.Next(1, 5000), random.Next(0, 500));
            node.responseId = random.Next(2) == 0 ? "resp-" + count : "";
            if (node.failed || random.Next(3) != 0) return;
            // The same call once more, by the provider's own instrumentation.
            node.children.Add(new RandomTree
            {
                id = "r" + count++, parent = node.id, role = "chat", scope = "sdk", input = node.input, output = node.output,
                    hasUsage = true,
                responseId = random.Next(2) == 0 ? node.responseId : "",
            });
        }

        private void SetTimes(ref int clock)
        {
            start = clock++;
            foreach (var child in children) child.SetTimes(ref clock);
            end = clock++;
        }

        private SpanPlan ToPlan()
        {
            var attributes = new List<KeyValuePair<string, object>>();
            if (role.Length > 0) attributes.Add(new("gen_ai.operation.name", role));
            if (hasUsage) attributes.AddRange([new("gen_ai.usage.input_tokens", input),
                new("gen_ai.usage.output_tokens", output)]);
            if (responseId.Length > 0) attributes.Add(new("gen_ai.response.id", responseId));
            return new SpanPlan
            {
                Id = id, Parent = parent, Name = role, Scope = scope, StartMillis = start, EndMillis = end,
                    Attributes = attributes,
                Status = failed ? SpanStatus.Error : SpanStatus.Unset,
            };
        }
    }
}
