using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Testing.Costing;

namespace CostAttribution.UnitTests.Attribution;

public sealed class AttributionTableTests
{
    private static readonly TraceContext Final = TraceContext.Empty with { Final = true };

    [Fact]
    public void An_own_key_comes_before_the_built_in_ones_and_values_are_mapped()
    {
        var table = Build(new AttributionOptions
        {
            Dimensions = { ["customer"] = new DimensionOptions { Keys = ["shop.buyer"], Values = { ["b-1"] = "acme" } } },
        });

        var entry = Cost(table, Final, Call("c", "", ("shop.buyer", "b-1"), ("customer.id", "other")));

        Assert.Equal(("acme", Evidence.Own), (entry.CustomerId, entry.CustomerEvidence));
    }

    [Fact]
    public void A_dimension_of_your_own_is_inherited_like_the_others()
    {
        var table = Build(new AttributionOptions { Dimensions =
            { ["region"] = new DimensionOptions { Keys = ["shop.region", "metadata:region"] } } });

        var entry = Cost(table, Final, Span("root", "", ("metadata", """{"region":"north"}""")), Call("c", "root"));

        Assert.Equal([new KeyValuePair<string, string>("region", "north")], entry.Dimensions);
    }

    [Fact]
    public void An_applications_feature_on_an_ancestor_wins_over_a_librarys_own_name()
    {
        var entry = Cost(AttributionTable.Default, Final,
            Span("root", "", ("app.feature", "support-bot")),
                Call("c", "root", ("ai.telemetry.functionId", "weather"), ("gen_ai.agent.name", "helper")));

        Assert.Equal(("support-bot", Evidence.Ancestor), (entry.FeatureId, entry.FeatureEvidence));
        Assert.Equal("helper", entry.Agent);
    }

    [Fact]
    public void The_outermost_agent_names_the_feature_when_nothing_better_does()
    {
        var entry = Cost(AttributionTable.Default, Final,
            Span("root", "", ("gen_ai.agent.name", "support")), Call("c", "root", ("gen_ai.agent.name", "sub-agent")));

        Assert.Equal(("support", "sub-agent"), (entry.FeatureId, entry.Agent));
    }

    [Fact]
    public void Evidence_comes_in_its_order()
    {
        var link = (new TraceId(9, 9), new SpanId(9));
        var linked = Final with { Links = new Dictionary<(TraceId, SpanId),
            OutsideValue[]> { [link] = [new("customer", "linked")] } };
        var session = Final with { Sessions = new Dictionary<string,
            OutsideValue[]> { ["s1"] = [new("customer", "sessional")] } };
        var call = Call("c", "", ("session.id", "s1"));

        Assert.Equal(("own", Evidence.Own), Customer(linked, call with { Links = [link],
            Attributes = [.. call.Attributes, new("tenant.id", "own")] }));
        Assert.Equal(("linked", Evidence.Link), Customer(linked,
            call with { Links = [link], Resource = [new("tenant.id", "owner")] }));
        Assert.Equal(("elsewhere", Evidence.Run), Customer(Final with { Run = [new("customer", "elsewhere")] },
            call with { Resource = [new("tenant.id", "owner")] }));
        Assert.Equal(("owner", Evidence.Resource), Customer(session, call with { Resource = [new("tenant.id", "owner")] }));
        Assert.Equal(("sessional", Evidence.Session), Customer(session, call));
        Assert.Equal(("", Evidence.None), Customer(Final, call));
    }

    [Fact]
    public void Run_and_session_are_no_evidence_before_the_trace_has_settled()
    {
        var open = TraceContext.Empty with
        {
            Run = [new("customer", "x")],
            Sessions = new Dictionary<string, OutsideValue[]> { ["s1"] = [new("customer", "y")] },
        };

        Assert.Equal(("", Evidence.None), Customer(open, Call("c", "", ("session.id", "s1"))));
    }

    [Fact]
    public void The_one_value_of_a_run_reaches_spans_beside_it_but_two_values_reach_none()
    {
        var one = Cost(AttributionTable.Default, Final, Span("a", "", ("tenant.id", "t1")), Call("c", ""));
        var two = Cost(AttributionTable.Default, Final, Span("a", "", ("tenant.id", "t1")), Span("b", "", ("tenant.id", "t2")),
            Call("c", ""));

        Assert.Equal(("t1", Evidence.Run), (one.CustomerId, one.CustomerEvidence));
        Assert.Equal(("", Evidence.None), (two.CustomerId, two.CustomerEvidence));
    }

    [Fact]
    public void A_rule_is_the_last_resort_and_all_its_conditions_must_hold()
    {
        var table = Build(new AttributionOptions
        {
            Rules =
            {
                new AttributionRuleOptions { Dimension = "customer", Value = "internal", Service = "batch", Provider = "openai" },
                new AttributionRuleOptions { Dimension = "customer", Value = "elsewhere", Service = "web", Provider = "anthropic" },
            },
        });
        var call = Call("c", "", ("gen_ai.provider.name", "openai"));

        var byService = Cost(table, Final, call with { Resource = [new("service.name", "batch")] });
        var byNone = Cost(table, Final, call with { Resource = [new("service.name", "web")] });

        Assert.Equal(("internal", Evidence.Rule), (byService.CustomerId, byService.CustomerEvidence));
        Assert.Equal(("", Evidence.None), (byNone.CustomerId, byNone.CustomerEvidence));
    }

    [Fact]
    public void A_rule_on_an_ingest_key_is_refused_instead_of_taken_for_a_wider_one()
    {
        var faults = new List<string>();
        var options = new AttributionOptions
        {
            Rules = { new AttributionRuleOptions { Dimension = "customer", Value = "c", Service = "web", IngestKey = "k1" } },
        };

        Assert.Null(AttributionTableBuilder.Build(options, faults));
        Assert.Contains("IngestKey is no condition", Assert.Single(faults), StringComparison.Ordinal);
    }

    [Fact]
    public void A_providers_own_spans_take_identity_but_give_none()
    {
        var vendor = Span("v", "root", ("tenant.id", "vendor-says")) with { Scope = "com.anthropic.claude-platform",
            Attributes = [new("gen_ai.operation.name", "invoke_agent"), new("tenant.id", "vendor-says")] };

        var entry = Cost(AttributionTable.Default, Final, Span("root", "", ("tenant.id", "app")), vendor, Call("c", "v"));

        Assert.Equal("app", entry.CustomerId);
    }

    [Fact]
    public void What_the_outside_could_add_is_asked_for_and_what_is_known_is_offered()
    {
        var link = (new TraceId(9, 9), new SpanId(9));
        var costs = All(AttributionTable.Default, TraceContext.Empty, Call("c", "", ("session.id", "s1")) with { Links = [link] },
            Span("x", "", ("session.id", "s2"), ("customer.id", "acme"), ("user.id", "u1")));

        Assert.Equal(["s1"], costs.OpenSessions);
        Assert.Equal([link], costs.OpenLinks);
        Assert.Equal([("s2", new OutsideValue("customer", "acme")), ("s2", new OutsideValue("user", "u1"))], costs.SessionValues);
    }

    [Fact]
    public void Every_fault_in_settings_is_told_at_once()
    {
        var faults = new List<string>();
        var options = new AttributionOptions
        {
            Dimensions = { ["bad name!"] = new DimensionOptions { Keys = [""] }, ["empty"] = new DimensionOptions() },
            Rules = { new AttributionRuleOptions { Dimension = "nope" } },
        };

        Assert.Null(AttributionTableBuilder.Build(options, faults));

        Assert.Equal(6, faults.Count);
        Assert.All(faults, fault => Assert.StartsWith("Attribution:", fault));
    }

    [Fact]
    public void The_version_follows_from_the_content()
    {
        var one = Build(new AttributionOptions { Dimensions =
            { ["customer"] = new DimensionOptions { Keys = ["shop.buyer"] } } });
        var same = Build(new AttributionOptions { Dimensions =
            { ["customer"] = new DimensionOptions { Keys = ["shop.buyer"] } } });
        var other = Build(new AttributionOptions { Dimensions =
            { ["customer"] = new DimensionOptions { Keys = ["shop.client"] } } });

        Assert.Equal(one.Version, same.Version);
        Assert.NotEqual(one.Version, other.Version);
        Assert.NotEqual(one.Version, AttributionTable.Default.Version);
        Assert.True(one.Version >= 0);
    }

    private static (string, Evidence) Customer(TraceContext context, SpanPlan call)
    {
        var entry = Cost(AttributionTable.Default, context, call);
        return (entry.CustomerId, entry.CustomerEvidence);
    }

    private static AttributionTable Build(AttributionOptions options)
    {
        var faults = new List<string>();
        var table = AttributionTableBuilder.Build(options, faults);
        Assert.Empty(faults);
        return table!;
    }

    private static LedgerEntry Cost(AttributionTable table, TraceContext context, params SpanPlan[] spans) =>
        Assert.Single(All(table, context, spans).Entries);

    private static TraceCosts All(AttributionTable table, TraceContext context, params SpanPlan[] spans)
    {
        using var trace = TracePlan.Collect(spans, table.Keys);
        var costs = new TraceCosts();
        new TraceCosting().Cost(trace, context, RateBook.Empty, table, costs);
        return costs;
    }

    private static SpanPlan Span(string id, string parent, params (string Key, object Value)[] attributes) =>
        new() { Id = id, Parent = parent, Name = id, Attributes = [.. attributes.Select(pair =>
            KeyValuePair.Create(pair.Key, pair.Value))] };

    private static SpanPlan Call(string id, string parent, params (string Key, object Value)[] attributes) =>
        Span(id, parent, [("gen_ai.operation.name", "chat"), ("gen_ai.usage.input_tokens", 1L), .. attributes]);
}
