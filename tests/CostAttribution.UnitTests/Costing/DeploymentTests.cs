using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Testing.Costing;

namespace CostAttribution.UnitTests.Costing;

/// <summary>Names of deployments in the place of models.</summary>
public sealed class DeploymentTests
{
    private static readonly AttributionTable Table = AttributionTableBuilder.Build(new AttributionOptions
    {
        Deployments = [new() { Provider = "azure.ai.openai", Name = "Prod-Chat", Model = "gpt-4o" }],
    }, [])!;

    [Theory]
    [InlineData("azure.ai.openai", "prod-chat", "", "gpt-4o")]
    [InlineData("az.ai.openai", "PROD-CHAT", "prod-chat", "gpt-4o")]
    [InlineData("azure.ai.openai", "prod-chat", "gpt-4.1-2025-04-14", "gpt-4.1-2025-04-14")]
    [InlineData("azure.ai.openai", "other", "", "other")]
    [InlineData("openai", "prod-chat", "", "prod-chat")]
    public void A_call_that_names_only_a_deployment_gets_the_model_behind_it(string provider, string asked, string answered, string model)
    {
        var row = Cost(Table, provider, asked, answered);

        Assert.Equal((model, asked), (row.Model, row.RequestModel));
        if (model == "gpt-4o") Assert.Equal((PriceStatus.Priced, Table.Version), (row.Cost.Status, row.AttributionVersion));
    }

    [Fact]
    public void Without_the_setting_the_deployment_stays_what_it_is() =>
        Assert.Equal((PriceStatus.UnpricedModel, "prod-chat"), Cost(AttributionTable.Default, "azure.ai.openai", "prod-chat", "") switch
        {
            var row => (row.Cost.Status, row.Model),
        });

    private static LedgerEntry Cost(AttributionTable table, string provider, string asked, string answered)
    {
        List<KeyValuePair<string, object>> attributes =
        [
            new("gen_ai.operation.name", "chat"), new("gen_ai.provider.name", provider), new("gen_ai.request.model", asked),
            new("gen_ai.usage.input_tokens", 700L), new("gen_ai.usage.output_tokens", 30L),
        ];
        if (answered.Length > 0) attributes.Add(new("gen_ai.response.model", answered));
        using var trace = TracePlan.Collect([new SpanPlan { Id = "call", Name = "chat", Scope = "app", EndMillis = 5, Attributes = attributes }]);
        var costs = new TraceCosts();

        new TraceCosting().Cost(trace, TraceContext.Empty, ToldRun.Shipped, table, costs);

        return Assert.Single(costs.Entries);
    }
}
