using CostAttribution.Domain.Identity;
using CostAttribution.Ingest.Assembly;
using CostAttribution.Testing.Time;

namespace CostAttribution.UnitTests.Ingest.Assembly;

public sealed class PostedTraceFilterTests
{
    private readonly ManualClock clock = new();

    [Fact]
    public void A_posted_trace_is_remembered_for_at_least_the_period()
    {
        var filter = new PostedTraceFilter(20, TimeSpan.FromHours(2), clock);
        var ids = Ids(10_000);
        foreach (var id in ids) filter.Add(id);

        clock.Advance(TimeSpan.FromMinutes(119));

        Assert.All(ids, id => Assert.True(filter.MayContain(id)));
    }

    [Fact]
    public void A_posted_trace_is_forgotten_after_two_periods()
    {
        var filter = new PostedTraceFilter(20, TimeSpan.FromHours(2), clock);
        var id = Ids(1)[0];
        filter.Add(id);

        clock.Advance(TimeSpan.FromHours(2));
        Assert.True(filter.MayContain(id));
        clock.Advance(TimeSpan.FromHours(2));

        Assert.False(filter.MayContain(id));
    }

    [Fact]
    public void Few_unknown_traces_are_taken_for_posted_at_eight_bits_an_id()
    {
        var filter = new PostedTraceFilter(20, TimeSpan.FromHours(2), clock);
        var ids = Ids(262_144);
        foreach (var id in ids.AsSpan(0, 131_072)) filter.Add(id);

        var wrong = ids.Skip(131_072).Count(filter.MayContain);

        Assert.InRange(wrong, 0, 131_072 / 20);
    }

    [Fact]
    public void Ids_that_differ_in_few_bits_are_told_apart()
    {
        var filter = new PostedTraceFilter(20, TimeSpan.FromHours(2), clock);
        for (ulong i = 0; i < 1000; i++) filter.Add(new TraceId(0, i + 1));

        var wrong = Enumerable.Range(2000, 10_000).Count(i => filter.MayContain(new TraceId(0, (ulong)i)));

        Assert.InRange(wrong, 0, 200);
    }

    private static TraceId[] Ids(int count)
    {
        var random = new Random(7);
        return [.. Enumerable.Range(0, count).Select(_ => new TraceId((ulong)random.NextInt64(), (ulong)random.NextInt64()))];
    }
}
