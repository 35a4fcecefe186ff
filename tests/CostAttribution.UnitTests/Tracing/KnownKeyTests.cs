using System.Globalization;
using CostAttribution.Domain.Tracing;

namespace CostAttribution.UnitTests.Tracing;

public sealed class KnownKeyTests
{
    private static readonly string GoldenPath = Path.Combine(AppContext.BaseDirectory, "Fixtures", "known-keys.txt");

    /// <summary>
    /// Ids stand in journals and stored facts. The golden list only ever grows: a line that changes breaks old data.
    /// </summary>
    [Fact]
    public void Every_key_keeps_its_id_for_ever()
    {
        var today = KnownKeys.All.OrderBy(key => key.Id).Select(key => $"{key.Id} {key.Name} {key.Use}").ToArray();
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") is { Length: > 0 } target) File.WriteAllLines(target, today);

        var golden = File.ReadAllLines(GoldenPath);

        Assert.Equal(golden, today);
    }

    [Fact]
    public void Ids_and_names_are_unique_and_below_the_configured_range()
    {
        Assert.Equal(KnownKeys.All.Count, KnownKeys.All.Select(key => key.Id).Distinct().Count());
        Assert.Equal(KnownKeys.All.Count, KnownKeys.All.Select(key => key.Name).Distinct(StringComparer.Ordinal).Count());
        Assert.All(KnownKeys.All, key => Assert.InRange(key.Id, (ushort)1, (ushort)(KnownKeys.BuiltInIdEnd - 1)));
    }

    [Fact]
    public void Every_key_is_found_by_its_name()
    {
        foreach (var key in KnownKeys.All)
        {
            Assert.True(AttributeKeyTable.Default.TryGet(key.Name, out var found), key.Name);
            Assert.Equal(key, found);
        }
    }

    [Theory]
    [InlineData(KnownKeys.ServiceName, "service.name")]
    [InlineData(KnownKeys.DeploymentEnvironmentName, "deployment.environment.name")]
    [InlineData(KnownKeys.TelemetrySdkName, "telemetry.sdk.name")]
    [InlineData(KnownKeys.GenAiOperationName, "gen_ai.operation.name")]
    [InlineData(KnownKeys.GenAiProviderName, "gen_ai.provider.name")]
    [InlineData(KnownKeys.GenAiSystem, "gen_ai.system")]
    [InlineData(KnownKeys.GenAiRequestModel, "gen_ai.request.model")]
    [InlineData(KnownKeys.GenAiResponseModel, "gen_ai.response.model")]
    [InlineData(KnownKeys.GenAiResponseId, "gen_ai.response.id")]
    [InlineData(KnownKeys.GenAiUsageInputTokens, "gen_ai.usage.input_tokens")]
    [InlineData(KnownKeys.GenAiUsageOutputTokens, "gen_ai.usage.output_tokens")]
    [InlineData(KnownKeys.CustomerId, "customer.id")]
    public void Named_ids_are_those_of_their_keys(ushort id, string name) =>
        Assert.Equal(name, AttributeKeyTable.Default.NameOf(id));

    [Theory]
    [InlineData("gen_ai.input.messages")]
    [InlineData("gen_ai.output.messages")]
    [InlineData("ai.prompt")]
    [InlineData("llm.input_messages.0.message.content")]
    [InlineData("gen_ai.usage.partial.input_tokens")]
    [InlineData("gen_ai.aggregated_usage.input_tokens")]
    [InlineData("langsmith.trace.session_id")]
    [InlineData("gen_ai.client.token.usage")]
    public void Content_and_figures_that_mislead_are_not_kept(string name) =>
        Assert.False(AttributeKeyTable.Default.TryGet(name, out _),
            string.Create(CultureInfo.InvariantCulture, $"{name} is kept"));
}
