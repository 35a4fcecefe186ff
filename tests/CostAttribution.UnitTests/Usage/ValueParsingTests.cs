using System.Text;
using CostAttribution.Domain.Tracing;
using CostAttribution.Domain.Usage;

namespace CostAttribution.UnitTests.Usage;

public sealed class ValueParsingTests
{
    [Theory]
    [InlineData(0L, 0)]
    [InlineData(12L, 12)]
    [InlineData(1_000_000_000_000L, 1_000_000_000_000)]
    [InlineData(12.0, 12)]
    [InlineData(11.9999999, 12)]
    [InlineData("12", 12)]
    [InlineData(" 12 ", 12)]
    [InlineData("12.0", 12)]
    [InlineData("0", 0)]
    [InlineData("1e3", 1000)]
    public void A_quantity_is_read_from_any_type(object value, long expected)
    {
        Assert.Equal(Reading.Present, QuantityParser.Parse(Of(value), out var quantity));
        Assert.Equal(expected, quantity);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("None")]
    [InlineData("undefined")]
    public void Words_for_nothing_are_absent(string value)
    {
        Assert.Equal(Reading.Absent, QuantityParser.Parse(Of(value), out var quantity));
        Assert.Equal(0, quantity);
        Assert.Equal(Reading.Absent, ReportedCost.Parse(Of(value), out _));
    }

    [Theory]
    [InlineData(-1L)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(1.5)]
    [InlineData(-3.0)]
    [InlineData("-3")]
    [InlineData("1.5")]
    [InlineData("NaN")]
    [InlineData("12 tokens")]
    [InlineData("99999999999999999999")]
    [InlineData(true)]
    public void What_is_no_quantity_is_bad(object value)
    {
        Assert.Equal(Reading.Bad, QuantityParser.Parse(Of(value), out var quantity));
        Assert.Equal(0, quantity);
    }

    [Theory]
    [InlineData(0.001, "0.001000000000")]
    [InlineData(0.1, "0.100000000000")]
    [InlineData(4.2E-05, "0.000042000000")]
    [InlineData(1e-12, "0.000000000001")]
    [InlineData(5e-13, "0.000000000000")]
    [InlineData(1.5e-12, "0.000000000002")]
    [InlineData(2.5e-12, "0.000000000002")]
    [InlineData(1e-320, "0.000000000000")]
    [InlineData(123456.789, "123456.789000000000")]
    [InlineData(7L, "7.000000000000")]
    [InlineData("0.0912", "0.091200000000")]
    [InlineData("1.2e-3", "0.001200000000")]
    [InlineData("3", "3.000000000000")]
    [InlineData(".5", "0.500000000000")]
    public void A_cost_is_taken_from_its_shortest_text_and_never_through_floating_point(object value, string expected)
    {
        Assert.Equal(Reading.Present, ReportedCost.Parse(Of(value), out var cost));
        Assert.Equal(expected, cost.ToString());
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(-1L)]
    [InlineData(double.NaN)]
    [InlineData(1e300)]
    [InlineData("1e300")]
    [InlineData("1.2.3")]
    [InlineData("$3")]
    [InlineData("1e")]
    [InlineData("1e99999999999")]
    [InlineData("1234567890123456789012345678901234567890")]
    [InlineData(false)]
    public void What_is_no_cost_is_bad(object value) => Assert.Equal(Reading.Bad, ReportedCost.Parse(Of(value), out _));

    [Theory]
    [InlineData("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic.claude-sonnet-4-5-20250929-v1:0", "us", "aws.bedrock",
        "claude-sonnet-4-5")]
    [InlineData("global.amazon.nova-2-lite-v1:0", "amazon.nova-2-lite-v1:0", "global", "aws.bedrock", "nova-2-lite")]
    [InlineData("arn:aws:bedrock:eu-west-1:1:inference-profile/eu.anthropic.claude-x", "anthropic.claude-x", "eu", "aws.bedrock",
        "claude-x")]
    [InlineData("arn:aws:bedrock:eu-west-1:1:provisioned-model/abc", "abc", "eu-west-1", "aws.bedrock", "abc")]
    [InlineData("arn:", "arn:", "", "", "arn")]
    [InlineData("us.writer.palmyra-x5-v1:0", "writer.palmyra-x5-v1:0", "us", "aws.bedrock", "palmyra-x5")]
    [InlineData("embed-english-v3", "embed-english-v3", "", "cohere", "embed-english-v3")]
    [InlineData("claude-3-5-sonnet-20241022-v2", "claude-3-5-sonnet-20241022-v2", "", "anthropic", "claude-3-5-sonnet")]
    [InlineData("models/gemini-2.5-pro", "gemini-2.5-pro", "", "gcp.gemini", "gemini-2.5-pro")]
    [InlineData("claude-sonnet-4-5@20250929", "claude-sonnet-4-5@20250929", "", "anthropic", "claude-sonnet-4-5")]
    [InlineData("gpt-4o-2024-08-06", "gpt-4o-2024-08-06", "", "openai", "gpt-4o")]
    [InlineData("openai/gpt-4o", "gpt-4o", "", "openai", "gpt-4o")]
    [InlineData("meta-llama/llama-4", "meta-llama/llama-4", "", "", "meta-llama/llama-4")]
    [InlineData("chat", "", "", "", "")]
    public void A_model_name_is_taken_apart(string raw, string name, string region, string provider, string family)
    {
        var model = ModelName.Parse(raw);

        Assert.Equal((name, region, provider, family), (model.Name, model.Region, model.Provider, model.Family));
    }

    [Theory]
    [InlineData("openai.chat", "openai")]
    [InlineData("anthropic.messages", "anthropic")]
    [InlineData("amazon-bedrock", "aws.bedrock")]
    [InlineData("google.generative-ai", "gcp.gemini")]
    [InlineData("google.vertex.chat", "gcp.vertex_ai")]
    [InlineData("azure-openai.chat", "azure.ai.openai")]
    [InlineData("az.ai.inference", "azure.ai.inference")]
    [InlineData("OpenAI", "openai")]
    [InlineData("AWS", "aws.bedrock")]
    [InlineData("xai", "x_ai")]
    [InlineData("aws.bedrock", "aws.bedrock")]
    [InlineData("strands-agents", "")]
    [InlineData("litellm.chat", "")]
    [InlineData("_OTHER", "")]
    [InlineData("fireworks", "fireworks")]
    public void Provider_spellings_become_one_id(string raw, string expected) =>
        Assert.Equal(expected, ProviderNames.Canonical(raw));

    [Theory]
    [InlineData("bedrock-runtime.eu-west-1.amazonaws.com", "eu-west-1")]
    [InlineData("bedrock-runtime-fips.us-east-1.amazonaws.com", "us-east-1")]
    [InlineData("vpce-1-abc.bedrock-runtime.eu-west-1.vpce.amazonaws.com", "eu-west-1")]
    [InlineData("europe-west4-aiplatform.googleapis.com", "europe-west4")]
    [InlineData("aiplatform.googleapis.com", "global")]
    [InlineData("aiplatform.eu.rep.googleapis.com", "eu")]
    [InlineData("api.openai.com", "")]
    [InlineData("bedrock-runtime", "")]
    [InlineData("", "")]
    public void A_provider_host_names_its_region(string host, string expected) =>
        Assert.Equal(expected, ProviderNames.RegionFromAddress(host));

    private static AttributeValue Of(object value) => value switch
    {
        long whole => new AttributeValue(1, AttributeType.Int, whole, default),
        double real => new AttributeValue(1, AttributeType.Double, BitConverter.DoubleToInt64Bits(real), default),
        bool flag => new AttributeValue(1, AttributeType.Bool, flag ? 1 : 0, default),
        string text => new AttributeValue(1, AttributeType.String, 0, Encoding.UTF8.GetBytes(text)),
        _ => throw new ArgumentException("no attribute type", nameof(value)),
    };
}
