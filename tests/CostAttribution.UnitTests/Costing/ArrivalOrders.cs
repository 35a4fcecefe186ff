using CostAttribution.Testing.Costing;

namespace CostAttribution.UnitTests.Costing;

/// <summary>Ways in which the spans of a run reach us, as requests with the time that passes after each.</summary>
internal static class ArrivalOrders
{
    /// <summary>Longer than a trace is kept in memory after it was posted: what comes later finds it in the store.</summary>
    public const double UntilEvicted = 150;

    public static IReadOnlyList<string> Names { get; } =
    [
        "one request", "as told", "reversed", "children first", "root last", "root after eviction", "children after eviction",
        "one late", "doubled", "doubled after eviction", "shuffled 1", "shuffled 2", "shuffled 3", "shuffled slowly",
    ];

    public static List<Arrival> Of(string name, IReadOnlyList<SpanPlan> spans)
    {
        var random = new Random(name.Length * 7919 + spans.Count);
        var roots = spans.Where(span => span.Parent.Length == 0).ToArray();
        var others = spans.Where(span => span.Parent.Length > 0).ToArray();
        switch (name)
        {
            case "one request": return [new(spans, 0)];
            case "as told": return [.. spans.Select(span => new Arrival([span], 0.2))];
            case "reversed": return [.. spans.Reverse().Select(span => new Arrival([span], 0.5))];
            case "children first": return [new([.. others.OrderByDescending(span => Depth(spans, span))], 1), new(roots, 0)];
            case "root last": return [new(others, 30), new(roots, 0)];
            case "root after eviction": return [new(others, UntilEvicted), new(roots, 0)];
            case "children after eviction": return [new(roots, UntilEvicted), .. others.Select(span => new Arrival([span], 5))];
            case "one late": return OneLate(spans, random);
            case "doubled": return [.. spans.SelectMany(span => new Arrival[] { new([span, span], 0.3), new([span], 4) })];
            case "doubled after eviction": return [new(spans, UntilEvicted), new([.. spans.Reverse()], 3), new(spans, 0)];
            case "shuffled slowly": return Shuffled(spans, random, 3, () => random.Next(3) * 40);
            default: return Shuffled(spans, random = new Random(name[^1]), 4, () => random.Next(4));
        }
    }

    private static List<Arrival> OneLate(IReadOnlyList<SpanPlan> spans, Random random)
    {
        var late = spans[random.Next(spans.Count)];
        return [new([.. spans.Where(span => span != late)], UntilEvicted), new([late], 0)];
    }

    private static List<Arrival> Shuffled(IReadOnlyList<SpanPlan> spans, Random random, int most, Func<double> pause)
    {
        var shuffled = spans.ToArray();
        random.Shuffle(shuffled);
        var arrivals = new List<Arrival>();
        for (var at = 0; at < shuffled.Length;)
        {
            var take = Math.Min(1 + random.Next(most), shuffled.Length - at);
            arrivals.Add(new Arrival(shuffled[at..(at + take)], pause()));
            at += take;
        }
        return arrivals;
    }

    private static int Depth(IReadOnlyList<SpanPlan> spans, SpanPlan span)
    {
        var depth = 0;
        // Bounded: fixtures have circles too.
        while (depth < spans.Count && spans.FirstOrDefault(other => other.Id == span.Parent) is { } parent)
        {
            span = parent;
            depth++;
        }
        return depth;
    }
}
