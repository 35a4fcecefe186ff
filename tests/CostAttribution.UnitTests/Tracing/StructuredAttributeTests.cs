using System.Text;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Tracing;

namespace CostAttribution.UnitTests.Tracing;

public sealed class StructuredAttributeTests
{
    [Fact]
    public void Known_members_come_out_under_keys_of_their_own_and_nothing_else_does()
    {
        var (read, kept) = Extract("ai.response.providerMetadata",
            """
            {"anthropic":{"usage":{"cache_creation_input_tokens":1000,"cache_creation":{"ephemeral_1h_input_tokens":600},
             "service_tier":"standard"},"text":"secret prompt"}}
            """);

        Assert.True(read);
        Assert.Equal(
        [
            "ai.response.providerMetadata:anthropic.usage.cache_creation_input_tokens=1000",
            "ai.response.providerMetadata:anthropic.usage.cache_creation.ephemeral_1h_input_tokens=600",
            "ai.response.providerMetadata:anthropic.usage.service_tier=standard",
        ], kept);
    }

    [Fact]
    public void A_python_dictionary_is_read_like_json()
    {
        var (read, kept) = Extract("gen_ai.usage.input_token_details",
            "{'cache_read': 800, 'note': \"it's\", 'ok': True, 'none': None, 'ephemeral_5m_input_tokens': 7}");

        Assert.True(read);
        Assert.Equal(["gen_ai.usage.input_token_details:cache_read=800",
            "gen_ai.usage.input_token_details:ephemeral_5m_input_tokens=7"], kept);
    }

    [Fact]
    public void Business_names_inside_metadata_are_found()
    {
        var (_, kept) = Extract("metadata", """{"tenant_id":"t-1","nested":{"tenant_id":"no"},"feature":"chat\u00e9"}""");

        Assert.Equal(["metadata:tenant_id=t-1", "metadata:feature=chaté"], kept);
    }

    [Fact]
    public void Settings_may_name_a_member()
    {
        var keys = new AttributeKeyTable(["metadata:order.region"]);

        var (_, kept) = Extract("metadata", """{"order":{"region":"north"}}""", keys);

        Assert.Equal(["metadata:order.region=north"], kept);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("{}")]
    public void Nothing_is_no_fault(string text) => Assert.Equal((true, 0), Count(text));

    [Theory]
    [InlineData("plain text")]
    [InlineData("[1,2]")]
    [InlineData("{\"a\":")]
    [InlineData("{'a: 1}")]
    [InlineData("{'a\\")]
    [InlineData("{\"a\":\"\\ud800\"} x")]
    public void Text_that_cannot_be_read_is_a_fault(string text) => Assert.False(Extract("metadata", text).Read);

    [Theory]
    [InlineData("""{"tenant_id":"t-1","x":}""")]
    [InlineData("""{"tenant_id":"t-1","x":"cut of""")]
    [InlineData("""{'tenant_id': 't-1', 'x': 'cut of""")]
    [InlineData("""{'tenant_id': 't-1', 'x': 1""")]
    [InlineData("""{'tenant_id': 't-1', 'x': 'cut\""")]
    public void Names_before_a_fault_stay(string text)
    {
        var (read, kept) = Extract("metadata", text);

        Assert.False(read);
        Assert.Equal(["metadata:tenant_id=t-1"], kept);
    }

    [Fact]
    public void No_quantity_of_a_text_that_was_cut_anywhere_stays()
    {
        (string Attribute, string Text)[] whole =
        [
            ("langfuse.observation.usage_details", """{"input": 100, "input_cached_tokens": 80, "output": "7", "odd": 3}"""),
            ("gen_ai.usage.input_token_details", "{'cache_read': 800, 'note': \"it's\", 'ephemeral_5m_input_tokens': 7}"),
            ("langfuse.observation.cost_details", """{"input": 0.5, "total": 0.75, "output": 0.25}"""),
            ("ai.response.providerMetadata", """{"anthropic":{"usage":{"cache_read_input_tokens":9,"service_tier":"batch"}}}"""),
        ];
        foreach (var (attribute, text) in whole)
        {
            for (var length = 1; length < text.Length; length++)
            {
                var (read, kept) = Extract(attribute, text[..length]);

                Assert.False(read);
                Assert.DoesNotContain(kept, member => !member.EndsWith(":anthropic.usage.service_tier=batch", StringComparison.Ordinal));
            }
            Assert.NotEmpty(Extract(attribute, text).Kept);
        }
    }

    [Fact]
    public void Depth_and_size_are_bounded()
    {
        var deep = string.Concat(Enumerable.Repeat("{\"a\":", 40)) + "1" + new string('}', 40);
        var deeper = string.Concat(Enumerable.Repeat("{\"a\":", 5000)) + "1" + new string('}', 5000);

        Assert.True(Extract("metadata", deep).Read);
        Assert.False(Extract("metadata", deeper).Read);
        Assert.False(Extract("metadata", "{\"a\":\"" + new string('x', 300_000) + "\"}").Read);
    }

    [Fact]
    public void Random_text_never_throws()
    {
        var random = new Random(1);
        const string letters = "{}[]'\":,\\ abuTFN0123456789.eE-\u00e9\ud83d";
        for (var i = 0; i < 20_000; i++)
        {
            var text = "{" + string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ =>
                letters[random.Next(letters.Length)]));
            _ = Extract("metadata", text);
        }
    }

    private static (bool, int) Count(string text)
    {
        var (read, kept) = Extract("metadata", text);
        return (read, kept.Length);
    }

    private static (bool Read, string[] Kept) Extract(string attribute, string text, AttributeKeyTable? keys = null)
    {
        keys ??= AttributeKeyTable.Default;
        using var builder = new SpanBatchBuilder(keys, TracingLimits.Default);
        Assert.True(keys.TryGet(attribute, out var key));
        builder.BeginSpan();
        var read = StructuredAttributes.TryExtract(key.Id, Encoding.UTF8.GetBytes(text), builder);
        builder.EndSpan(new SpanHeader { TraceId = new TraceId(1, 1), SpanId = new SpanId(1) }, "x"u8, 0, 0, 0);
        builder.BeginResource();
        builder.EndResource();
        builder.AddScope(""u8, ""u8, ""u8);
        using var batch = builder.Build();
        var kept = new List<string>();
        var interner = new Utf8Interner(4);
        foreach (var span in batch.Spans)
        {
            foreach (var value in span.Attributes) kept.Add($"{keys.NameOf(value.Key)}={value.ToText(interner)}");
        }
        return (read, [.. kept]);
    }
}
