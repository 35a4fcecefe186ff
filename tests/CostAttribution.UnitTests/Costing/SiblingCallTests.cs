using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Pricing;
using CostAttribution.Testing.Costing;

namespace CostAttribution.UnitTests.Costing;

/// <summary>Calls that run at once and look alike: told by several instrumentations they are one each, and never fewer.</summary>
public sealed class SiblingCallTests
{
    private const int Seeds = 200;

    private static readonly string[] Scopes = ["com.example.sdk", "com.example.tracer", "com.example.framework"];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Equal_calls_of_one_scope_stay_as_many_as_they_are(bool withIds)
    {
        for (var seed = 1; seed <= Seeds; seed++)
        {
            var random = new Random(seed);
            var count = random.Next(2, 9);
            var spans = Enumerable.Range(0, count).Select(i => Call(random, i, 0, withIds ? $"resp_{i}" : "", "root"));

            Counted(seed, random, count, [Root, .. spans]);
        }
    }

    [Fact]
    public void Equal_calls_with_ids_of_their_own_stay_as_many_whichever_instrumentations_tell_them()
    {
        for (var seed = 1; seed <= Seeds; seed++)
        {
            var random = new Random(seed);
            var count = random.Next(2, 9);
            var spans = Enumerable.Range(0, count).Select(i => Call(random, i, random.Next(Scopes.Length), $"resp_{i}", "root"));

            Counted(seed, random, count, [Root, .. spans]);
        }
    }

    [Fact]
    public void Equal_calls_that_up_to_three_instrumentations_tell_each_are_counted_once_each()
    {
        for (var seed = 1; seed <= Seeds; seed++)
        {
            var random = new Random(seed);
            var (count, nested, tellers) = (random.Next(1, 6), random.Next(2) == 0, random.Next(2, 4));
            var spans = new List<SpanPlan> { Root };
            for (var i = 0; i < count; i++)
            {
                var first = Call(random, i, 0, $"resp_{i}", "root");
                spans.Add(first);
                // The second repeats the id inside the first, or has none beside it; the third never has one.
                spans.Add(Within(random, first, Call(random, i, 1, nested ? $"resp_{i}" : "", nested ? first.Id : "root")));
                if (tellers == 3) spans.Add(Within(random, first, Call(random, i, 2, "", nested ? first.Id : "root")));
            }

            Counted(seed, random, count, spans);
        }
    }

    private static SpanPlan Root { get; } = new() { Id = "root", Name = "root", Scope = "app", StartMillis = 0, EndMillis = 10_000 };

    private static SpanPlan Call(Random random, int call, int scope, string id, string parent)
    {
        var start = random.Next(0, 50);
        List<KeyValuePair<string, object>> attributes =
        [
            new("gen_ai.operation.name", "chat"), new("gen_ai.provider.name", "openai"), new("gen_ai.request.model", "gpt-4o"),
            new("gen_ai.usage.input_tokens", 700L), new("gen_ai.usage.output_tokens", 30L),
        ];
        if (id.Length > 0) attributes.Add(new("gen_ai.response.id", id));
        return new SpanPlan { Id = $"{scope}.{call}", Parent = parent, Name = "chat", Scope = Scopes[scope], StartMillis = start,
            EndMillis = start + 100 + random.Next(100), Attributes = attributes };
    }

    private static SpanPlan Within(Random random, SpanPlan first, SpanPlan span) => span with
    {
        StartMillis = first.StartMillis + random.Next(0, 3), EndMillis = first.EndMillis - random.Next(0, 3),
    };

    private static void Counted(int seed, Random random, int count, List<SpanPlan> spans)
    {
        var expected = "";
        for (var shuffle = 0; shuffle < 3; shuffle++)
        {
            var sent = spans.ToArray();
            random.Shuffle(sent);
            using var trace = TracePlan.Collect(sent);
            var costs = new TraceCosts();

            new TraceCosting().Cost(trace, TraceContext.Empty, RateBook.Empty, AttributionTable.Default, costs);

            var text = CostsText.Of(costs);
            Assert.True(count == costs.Entries.Sum(entry => entry.Calls), $"seed {seed}: {count} calls\n{text}");
            Assert.True((count * 700, count * 30) == ((int)costs.Entries.Sum(entry => entry.Usage.InputTotal),
                (int)costs.Entries.Sum(entry => entry.Usage.OutputTokens)), $"seed {seed}: {count} calls\n{text}");
            if (shuffle == 0) expected = text;
            Assert.Equal(expected, text);
        }
    }
}
