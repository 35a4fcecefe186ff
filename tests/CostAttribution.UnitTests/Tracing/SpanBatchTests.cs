using System.Text;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Tracing;
using CostAttribution.Otlp;
using CostAttribution.Testing.Otlp;

namespace CostAttribution.UnitTests.Tracing;

public sealed class SpanBatchTests
{
    private static readonly KnownKey Customer = Key(AttributeKeyTable.Default, "customer.id");
    private static readonly KnownKey Input = Key(AttributeKeyTable.Default, "gen_ai.usage.input_tokens");
    private static readonly KnownKey Model = Key(AttributeKeyTable.Default, "gen_ai.request.model");

    [Fact]
    public void What_is_written_is_read_back()
    {
        using var builder = new SpanBatchBuilder(AttributeKeyTable.Default, TracingLimits.Default);
        builder.BeginResource();
        builder.AddText(Customer, "acme"u8);
        var resource = builder.EndResource();
        var scope = builder.AddScope("name"u8, "1.0"u8, ""u8);
        builder.BeginSpan();
        builder.AddInt(Input, -5);
        builder.AddDouble(Input, -0.5);
        builder.AddBool(Model, true);
        builder.AddText(Model, "gpt"u8);
        builder.AddLink(new byte[16], new byte[8]);
        builder.EndSpan(Header(7) with { StartNanos = ulong.MaxValue, EndNanos = 0 }, "chat"u8, resource, scope, 99);

        using var batch = builder.Build();

        Assert.Equal((1, 1, 1), (batch.SpanCount, batch.ResourceCount, batch.ScopeCount));
        Assert.Equal(
            "00000000000000000000000000000001 0000000000000007 <> chat\n" +
            "Unspecified Unset 18446744073709551615 0 99\nflags None hints None\n" +
            "link 00000000000000000000000000000000 \n  gen_ai.usage.input_tokens Int -5\n" +
            $"  gen_ai.usage.input_tokens Double {BitConverter.DoubleToInt64Bits(-0.5)}\n  gen_ai.request.model Bool True\n" +
            "  gen_ai.request.model String gpt\nresource\n  customer.id String acme\nscope name|1.0|\n",
            Assert.Single(PlainSpans.From(batch, AttributeKeyTable.Default)));
        foreach (var span in batch.Spans) Assert.Equal((4, 2), (span.AttributeCount, span.UsageKeyCount));
    }

    [Fact]
    public void A_cut_value_keeps_whole_characters_and_is_flagged()
    {
        using var builder = new SpanBatchBuilder(AttributeKeyTable.Default, new TracingLimits { ValueBytesMax = 5 });
        builder.BeginSpan();
        builder.AddText(Customer, Encoding.UTF8.GetBytes("aé🙂"));
        builder.EndSpan(Header(1), Encoding.UTF8.GetBytes("ab🙂"), 0, 0, 0);
        using var batch = Finish(builder);

        foreach (var span in batch.Spans)
        {
            Assert.Equal(SpanRecordFlags.ValueTruncated, span.Flags);
            Assert.Equal("ab", Encoding.UTF8.GetString(span.Name));
            foreach (var attribute in span.Attributes) Assert.Equal("aé", Encoding.UTF8.GetString(attribute.Utf8));
        }
    }

    [Fact]
    public void Attributes_and_links_past_their_limits_are_left_out_and_flagged()
    {
        using var builder = new SpanBatchBuilder(AttributeKeyTable.Default,
            new TracingLimits { KeptAttributesPerSpanMax = 2, LinksPerSpanMax = 1 });
        builder.BeginSpan();
        for (var i = 0; i < 3; i++) builder.AddInt(Input, i);
        for (var i = 0; i < 2; i++) builder.AddLink(new byte[16], new byte[8]);
        builder.EndSpan(Header(1), default, 0, 0, 0);
        using var batch = Finish(builder);

        foreach (var span in batch.Spans)
        {
            Assert.Equal((2, 1), (span.AttributeCount, span.LinkCount));
            Assert.Equal(SpanRecordFlags.AttributesOverLimit | SpanRecordFlags.LinksOverLimit, span.Flags);
        }
    }

    [Fact]
    public void Configured_keys_keep_their_meaning_under_other_settings()
    {
        var before = new AttributeKeyTable(["b.key", "c.key"]);
        var after = new AttributeKeyTable(["a.key", "c.key"]);
        using var builder = new SpanBatchBuilder(before, TracingLimits.Default);
        builder.BeginResource();
        builder.AddText(Key(before, "c.key"), "in the resource"u8);
        builder.EndResource();
        builder.AddScope(default, default, default);
        builder.BeginSpan();
        builder.AddText(Key(before, "b.key"), "gone"u8);
        builder.AddInt(Input, 1);
        builder.AddBool(Key(before, "b.key"), true);
        builder.AddText(Key(before, "c.key"), "kept"u8);
        builder.EndSpan(Header(1), "span"u8, 0, 0, 0);
        using var batch = builder.Build();

        using var reread = SpanBatch.Decode(batch.Encoded.Span, after);

        var text = Assert.Single(PlainSpans.From(reread, after));
        Assert.Contains(
            "   String gone\n  gen_ai.usage.input_tokens Int 1\n   Bool True\n  c.key String kept\n" +
            "resource\n  c.key String in the resource\n",
            text, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_bytes_are_told_as_invalid_data_and_nothing_else()
    {
        using var reader = new OtlpTraceReader(new AttributeKeyTable(["tenant", "plan.key"]), OtlpLimits.Default);
        using var batch = reader.ReadProtobuf(Captures.Get("dotnet-openai-anthropic", "grpc").Body, 1).Batch!;
        var good = batch.Encoded.ToArray();
        var keys = new AttributeKeyTable(["other"]);
        var random = new Random(20261122);
        for (var i = 0; i < 6_000; i++)
        {
            var bad = (byte[])good.Clone();
            for (var changes = random.Next(1, 4); changes > 0; changes--)
                bad[random.Next(random.Next(2) == 0 ? 200 : bad.Length)] = (byte)random.Next(256);
            if (random.Next(4) == 0) bad = bad[..random.Next(bad.Length)];
            ReadAll(bad, keys);
        }
        for (var length = 0; length < good.Length; length += 7)
            Assert.Throws<InvalidDataException>(() => SpanBatch.Decode(good.AsSpan(0, length), keys));
    }

    // Whatever passes the decoder's checks must be readable to the end.
    private static void ReadAll(byte[] encoded, AttributeKeyTable keys)
    {
        SpanBatch batch;
        try
        {
            batch = SpanBatch.Decode(encoded, keys);
        }
        catch (InvalidDataException)
        {
            return;
        }
        PlainSpans.From(batch, keys);
        foreach (var span in batch.Spans)
        {
            using var trace = new TraceSpans(span.TraceId);
            trace.AddAll(batch, new SourceTable());
        }
    }

    [Fact]
    public void The_content_hash_ignores_arrival_and_place()
    {
        Assert.Equal(Hash(resource: 0, received: 1, name: "a"), Hash(resource: 1, received: 2, name: "a"));
        Assert.NotEqual(Hash(resource: 0, received: 1, name: "a"), Hash(resource: 0, received: 1, name: "b"));
    }

    private static ulong Hash(int resource, ulong received, string name)
    {
        using var builder = new SpanBatchBuilder(AttributeKeyTable.Default, TracingLimits.Default);
        builder.BeginSpan();
        builder.EndSpan(Header(1), Encoding.UTF8.GetBytes(name), resource, 0, received);
        using var batch = Finish(builder);
        foreach (var span in batch.Spans) return span.ContentHash;
        return 0;
    }

    [Fact]
    public void Every_known_key_is_found_by_its_name_and_no_other()
    {
        var keys = new AttributeKeyTable(["z.one", "z.two", "customer.id"]);

        foreach (var key in KnownKeys.All.Concat(keys.ConfiguredKeys))
        {
            Assert.True(keys.TryGet(key.Name, out var found));
            Assert.Equal(key, found);
            Assert.Equal(key.Name, keys.NameOf(key.Id));
            Assert.False(keys.TryGet(key.Name + "x", out _));
        }
        Assert.Equal(["z.one", "z.two"], keys.ConfiguredKeys.Select(key => key.Name));
        Assert.False(keys.TryGet("", out _));
    }

    internal static SpanHeader Header(ulong spanId) => new() { TraceId = new TraceId(0, 1), SpanId = new SpanId(spanId) };

    internal static KnownKey Key(AttributeKeyTable keys, string name) =>
        keys.TryGet(name, out var key) ? key : throw new ArgumentException(name);

    private static SpanBatch Finish(SpanBatchBuilder builder)
    {
        builder.BeginResource();
        builder.EndResource();
        builder.AddScope(default, default, default);
        return builder.Build();
    }
}
