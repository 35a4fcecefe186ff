using System.Text;
using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Tracing;
using CostAttribution.Ingest.Costing;

namespace CostAttribution.UnitTests.Attribution;

public sealed class AttributionTextTests
{
    private static readonly AttributionOptions Options = new()
    {
        Dimensions =
        {
            ["customer"] = new DimensionOptions { Keys = ["app.account"], Values = { ["a\tb"] = "acme", ["c"] = "globex" } },
            ["cost_center"] = new DimensionOptions { Keys = ["app.center"], FallbackKeys = ["app.center.default"] },
        },
        Rules = [new AttributionRuleOptions { Dimension = "customer", Value = "internal", Service = "nightly" }],
    };

    [Fact]
    public void A_table_comes_back_from_its_text_with_the_same_version()
    {
        var table = Build(Options);

        var again = AttributionText.Read(table.Content, table.Keys)!;

        Assert.Equal(table.Version, again.Version);
        Assert.Equal(table.Dimensions, again.Dimensions);
        Assert.Equal("acme", again.Map(0, "a\tb"));
        Assert.Equal("internal", again.ByRule(0, new RuleSubject("nightly", "", "", "")));
        Assert.True(table.Keys.TryGet("app.center.default", out var key));
        Assert.Equal(table.UsesOf(key.Id).ToArray(), again.UsesOf(key.Id).ToArray());
    }

    [Fact]
    public void A_table_whose_keys_are_not_decoded_cannot_be_applied_until_they_are()
    {
        var table = Build(Options);
        Assert.Null(AttributionText.Read(table.Content, AttributeKeyTable.Default));

        var keys = KeptKeys.With(new AttributionOptions(), AttributionText.KeysOf(table.Content));

        Assert.Equal(table.Version, AttributionText.Read(table.Content, keys)!.Version);
        Assert.Equal(AttributionTable.Default.Version, AttributionTableBuilder.Build(new AttributionOptions(), keys, [])!.Version);
    }

    [Fact]
    public void Services_with_running_totals_are_part_of_the_version_and_come_back()
    {
        var table = Build(new AttributionOptions { CumulativeLoopServices = ["spring", "desk", "spring"] });
        var same = Build(new AttributionOptions { CumulativeLoopServices = ["desk", "spring"] });

        Assert.Equal(same.Version, table.Version);
        Assert.NotEqual(AttributionTable.Default.Version, table.Version);
        Assert.Equal(["desk", "spring"], AttributionText.Read(table.Content, table.Keys)!.CumulativeLoopServices.Order());
        Assert.DoesNotContain("cumulativeLoops", Encoding.UTF8.GetString(AttributionTable.Default.Content.Span), StringComparison.Ordinal);
        var faults = new List<string>();
        Assert.Null(AttributionTableBuilder.Build(new AttributionOptions { CumulativeLoopServices = [""] }, faults));
        Assert.Contains("CumulativeLoopServices", Assert.Single(faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Deployments_are_part_of_the_version_and_come_back()
    {
        static DeploymentOptions Of(string name, string model, string provider = "azure.ai.openai") =>
            new() { Provider = provider, Name = name, Model = model };
        var table = Build(new AttributionOptions { Deployments = [Of("Prod-Chat", "gpt-4o"), Of("any", "gpt-4.1", "")] });
        var same = Build(new AttributionOptions { Deployments = [Of("any", "gpt-4.1", ""), Of("prod-chat", "gpt-4o")] });

        Assert.Equal(same.Version, table.Version);
        Assert.NotEqual(AttributionTable.Default.Version, table.Version);
        var read = AttributionText.Read(table.Content, table.Keys)!;
        Assert.Equal([("", "any", "gpt-4.1"), ("azure.ai.openai", "prod-chat", "gpt-4o")], read.Deployments.All);
        Assert.DoesNotContain("deployments", Encoding.UTF8.GetString(AttributionTable.Default.Content.Span), StringComparison.Ordinal);
    }

    [Fact]
    public void A_deployment_without_name_or_model_or_named_twice_is_refused()
    {
        var faults = new List<string>();
        var options = new AttributionOptions
        {
            Deployments = [new() { Name = "a", Model = "b" }, new() { Name = "A", Model = "c" }, new() { Name = "x" }, new() { Model = "y" }],
        };

        Assert.Null(AttributionTableBuilder.Build(options, faults));
        Assert.Equal(["Attribution:Deployments:1", "Attribution:Deployments:2", "Attribution:Deployments:3"],
            faults.Select(fault => fault[..25]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"format\":1}")]
    public void Anything_else_is_refused(string text) =>
        Assert.Throws<InvalidDataException>(() => AttributionText.Read(Encoding.UTF8.GetBytes(text), AttributeKeyTable.Default));

    private static AttributionTable Build(AttributionOptions options) => AttributionTableBuilder.Build(options, [])!;
}
