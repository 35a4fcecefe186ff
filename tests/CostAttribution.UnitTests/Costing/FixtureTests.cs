using System.Globalization;
using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;
using CostAttribution.Testing.Costing;

namespace CostAttribution.UnitTests.Costing;

/// <summary>The worked examples of docs/dialects.md, each in several orders of arrival.</summary>
public sealed class FixtureTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Fixtures");

    public static TheoryData<string> Fixtures =>
        new(Directory.GetFiles(Folder, "*.trace").Select(path =>
            Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void A_worked_example_comes_out_as_written(string name)
    {
        var fixture = Read(name);

        var costs = Cost(fixture, fixture.Spans);

        foreach (var expected in fixture.Expected) Check(fixture, costs, expected);
        var rows = fixture.Expected.Count(span => span.Ownership is "owner" or "fallback");
        Assert.True(rows == costs.Entries.Count, $"{rows} rows expected\n{CostsText.Of(costs)}");
    }

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void The_order_of_arrival_does_not_matter(string name)
    {
        var fixture = Read(name);
        var expected = CostsText.Of(Cost(fixture, fixture.Spans));

        Assert.Equal(expected, CostsText.Of(Cost(fixture, fixture.Spans.Reverse())));
        Assert.Equal(expected, CostsText.Of(Cost(fixture, fixture.Spans.Concat(fixture.Spans))));
        for (var seed = 1; seed <= 10; seed++)
        {
            var shuffled = fixture.Spans.ToArray();
            new Random(seed).Shuffle(shuffled);
            Assert.Equal(expected, CostsText.Of(Cost(fixture, shuffled)));
        }
    }

    [Fact]
    public void One_run_told_in_two_dialects_has_the_same_usage()
    {
        var (legacy, current) = (Read("E04"), Read("E05"));

        var one = Cost(legacy, legacy.Spans).Segment;
        var other = Cost(current, current.Spans).Segment;

        Assert.Equal((one.InputTokens, one.CacheReadTokens, one.OutputTokens),
            (other.InputTokens, other.CacheReadTokens, other.OutputTokens));
        Assert.Equal(one.CacheWriteTokens + one.CacheWrite1hTokens, other.CacheWriteTokens + other.CacheWrite1hTokens);
        Assert.Equal(one.Calls, other.Calls);
    }

    private static TraceFixture Read(string name) => TraceFixture.Read(Path.Combine(Folder, name + ".trace"));

    private static TraceCosts Cost(TraceFixture fixture, IEnumerable<SpanPlan> spans)
    {
        var policy = CostingPolicy.Default;
        if (fixture.Options.TryGetValue("cumulative-loops", out var service)) policy =
            policy with { CumulativeLoopServices = new HashSet<string> { service } };
        var context = TraceContext.Empty with { Final = fixture.Options.ContainsKey("final") };
        using var trace = TracePlan.Collect(spans);
        var costs = new TraceCosts();
        new TraceCosting(policy).Cost(trace, context, RateBook.Empty, AttributionTable.Default, costs);
        return costs;
    }

    private static void Check(TraceFixture fixture, TraceCosts costs, ExpectedSpan expected)
    {
        var id = SpanPlan.IdOf(expected.Id);
        var outcome = Assert.Single(costs.Spans, span => span.SpanId == id);
        var entry = costs.Entries.SingleOrDefault(entry => entry.SpanId == id);
        var ownership = outcome.Ownership switch
        {
            Ownership.AggregateFallback => "fallback",
            var other => other.ToString().ToLowerInvariant(),
        };
        var actual =
            $"{expected.Id} {ownership}{(outcome.SupersededBy.IsZero ? "" : " of " + NameOf(fixture, outcome.SupersededBy))}";
        var wanted = $"{expected.Id} {expected.Ownership}{(expected.Of.Length == 0 ? "" : " of " + expected.Of)}";
        Assert.True(wanted == actual, $"{fixture.Title}: wanted '{wanted}', got '{actual}'\n{CostsText.Of(costs)}");
        Assert.Equal(expected.Ownership is "owner" or "fallback", entry is not null);
        if (entry is not null) CheckUsage(fixture, entry, expected);
        foreach (var (name, value) in expected.Values) CheckValue(fixture, costs, expected, name, value, entry, outcome);
    }

    private static void CheckUsage(TraceFixture fixture, LedgerEntry entry, ExpectedSpan expected)
    {
        string[] names = ["unc", "cr", "cw", "cw1", "out", "reason"];
        var wanted = string.Join(' ', names.Select(name => $"{name}={expected.Values.GetValueOrDefault(name, "0")}"));
        ref var usage = ref entry.Usage;
        long[] values = [usage.InputTokens, usage.CacheReadTokens, usage.CacheWriteTokens, usage.CacheWrite1hTokens,
            usage.OutputTokens, usage.ReasoningTokens];
        var actual = string.Join(' ', names.Zip(values, (name, value) => $"{name}={value}"));
        Assert.True(wanted == actual, $"{fixture.Title} {expected.Id}: wanted {wanted}, got {actual}");
        var units = string.Join(',', (usage.OtherUnits ?? []).Select(unit => $"{unit.Unit}:{unit.Quantity}"));
        Assert.Equal(expected.Values.GetValueOrDefault("units", ""), units);
    }

    private static void CheckValue(
        TraceFixture fixture, TraceCosts costs, ExpectedSpan expected, string name, string value, LedgerEntry? entry,
            SpanOutcome outcome)
    {
        var flags = SpanFlagNames.ToNames(outcome.Flags);
        switch (name)
        {
            case "unc" or "cr" or "cw" or "cw1" or "out" or "reason" or "units":
                return;
            case "flags":
                foreach (var flag in value.Split(',')) Assert.True(flags.Contains(flag),
                    $"{expected.Id} lacks {flag}\n{CostsText.Of(costs)}");
                return;
            case "noflags":
                foreach (var flag in value.Split(',')) Assert.DoesNotContain(flag, flags);
                return;
            case "excess":
                Assert.Equal(value, $"{outcome.Excess.InputTokens}/{outcome.Excess.OutputTokens}");
                return;
        }
        var actual = name switch
        {
            "dialect" => outcome.Dialect,
            "role" => outcome.Role.ToString(),
            "evidence" => outcome.CustomerEvidence.ToString(),
            "customer" => entry?.CustomerId ?? outcome.CustomerId,
            "feature" => entry!.FeatureId,
            "team" => entry!.Team,
            "session" => entry!.SessionId,
            "user" => entry!.UserId,
            "plan" => entry!.Plan,
            "workflow" => entry!.Workflow,
            "agent" => entry!.Agent,
            "step" => entry!.Step,
            "provider" => entry!.Provider,
            "model" => entry!.Model,
            "region" => entry!.Region,
            "tier" => entry!.ServiceTier,
            "op" => entry!.Operation,
            "calls" => $"{entry!.Calls}/{entry.FailedCalls}",
            "attempt" => entry!.Attempt.ToString(CultureInfo.InvariantCulture),
            "status" => entry!.CallStatus.ToString(),
            "price" => entry!.Cost.Status.ToString(),
            "reported" => entry!.ProviderReportedCost?.ToString() ?? "",
            "total" => entry!.Usage.InputTotal.ToString(CultureInfo.InvariantCulture),
            _ => throw new InvalidDataException($"fixture asks for unknown value {name}"),
        };
        Assert.True(value == actual,
            $"{fixture.Title} {expected.Id}: wanted {name}={value}, got {actual}\n{CostsText.Of(costs)}");
    }

    private static string NameOf(TraceFixture fixture, SpanId id) => fixture.Spans.Single(span => span.SpanId == id).Id;
}
