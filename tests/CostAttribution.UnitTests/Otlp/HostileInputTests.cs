using System.Diagnostics;
using System.Globalization;
using System.Text;
using CostAttribution.Domain.Tracing;
using CostAttribution.Otlp;
using CostAttribution.Testing.Otlp;

namespace CostAttribution.UnitTests.Otlp;

public sealed class HostileInputTests(ITestOutputHelper output)
{
    private static readonly TimeSpan FuzzTime = TimeSpan.FromSeconds(
        int.TryParse(
            Environment.GetEnvironmentVariable("FUZZ_SECONDS"), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? seconds
            : 4);

    private const int FuzzIterationsMax = 200_000;

    [Fact]
    public void Mutated_requests_never_crash_the_reader()
    {
        var seed = Environment.GetEnvironmentVariable("FUZZ_SEED") is { } text
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : Environment.TickCount;
        output.WriteLine($"FUZZ_SEED={seed}");
        var random = new Random(seed);
        using var reader = new OtlpTraceReader(AttributeKeyTable.Default, OtlpLimits.Default);
        var clock = Stopwatch.StartNew();
        var longRun = FuzzTime > TimeSpan.FromSeconds(10);
        var rounds = 0;
        for (; clock.Elapsed < FuzzTime && (longRun || rounds < FuzzIterationsMax); rounds++)
        {
            var capture = Captures.All[random.Next(Captures.All.Count)];
            var body = Mutate(capture.Body, random);

            var result = capture.IsJson ? reader.ReadJson(body, 1) : reader.ReadProtobuf(body, 1);

            using var batch = result.Batch;
            Assert.True(batch is null != result.Error is null);
            if (batch is null) continue;
            SpanBatch.Decode(batch.Encoded.Span, AttributeKeyTable.Default).Dispose();
            Assert.InRange(batch.Encoded.Length, 0, 1024 + body.Length * 12);
        }
        output.WriteLine($"{rounds} mutated requests");
    }

    [Fact]
    public void A_request_cut_anywhere_is_refused_or_holds_fewer_spans()
    {
        using var reader = new OtlpTraceReader(AttributeKeyTable.Default, OtlpLimits.Default);
        foreach (var capture in new[] { Captures.Get("otel-openai", "grpc"), Captures.Get("anthropic-native", "httpjson") })
        {
            for (var length = 0; length < capture.Body.Length; length++)
            {
                var body = capture.Body.AsSpan(0, length);

                var result = capture.IsJson ? reader.ReadJson(body, 1) : reader.ReadProtobuf(body, 1);

                result.Batch?.Dispose();
                if (length == 0 && !capture.IsJson) Assert.Null(result.Error);
                else Assert.InRange(result.Error!.Value.ByteOffset, 0, length);
            }
        }
    }

    [Theory]
    [InlineData("0A FF FF FF FF 0F", DecodeErrorReason.Truncated)]
    [InlineData("0A FF FF FF FF FF FF FF FF FF 01", DecodeErrorReason.Truncated)]
    [InlineData("0A FF FF FF FF FF FF FF FF FF FF FF FF 01", DecodeErrorReason.BadVarint)]
    [InlineData("FF FF FF FF FF FF FF FF FF FF FF", DecodeErrorReason.BadVarint)]
    [InlineData("FF", DecodeErrorReason.Truncated)]
    [InlineData("00 00", DecodeErrorReason.BadTag)]
    [InlineData("02 00", DecodeErrorReason.BadTag)]
    [InlineData("16 00", DecodeErrorReason.BadTag)]
    [InlineData("17 00", DecodeErrorReason.BadTag)]
    [InlineData("FA FF FF FF FF 01 00", DecodeErrorReason.BadTag)]
    [InlineData("14", DecodeErrorReason.BadGroup)]
    [InlineData("13", DecodeErrorReason.BadGroup)]
    [InlineData("13 1C", DecodeErrorReason.BadGroup)]
    [InlineData("11 01 02 03", DecodeErrorReason.Truncated)]
    [InlineData("15 01 02 03", DecodeErrorReason.Truncated)]
    [InlineData("0A 04 12 02 12 05", DecodeErrorReason.Truncated)]
    [InlineData("0A 06 12 04 12 02 4A 05", DecodeErrorReason.Truncated)]
    public void Malformed_protobuf_is_refused_with_the_reason(string hex, DecodeErrorReason reason)
    {
        var body = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        using var reader = new OtlpTraceReader(AttributeKeyTable.Default, OtlpLimits.Default);

        var result = reader.ReadProtobuf(body, 1);

        Assert.Null(result.Batch);
        Assert.Equal(reason, result.Error!.Value.Reason);
        Assert.InRange(result.Error!.Value.ByteOffset, 0, body.Length);
    }

    [Theory]
    [InlineData("", DecodeErrorReason.BadJson)]
    [InlineData("[]", DecodeErrorReason.BadJson)]
    [InlineData("{} {}", DecodeErrorReason.BadJson)]
    [InlineData("{\"resourceSpans\":{}}", DecodeErrorReason.BadJsonValue)]
    [InlineData("{\"resourceSpans\":[null]}", DecodeErrorReason.BadJsonValue)]
    [InlineData("{\"resourceSpans\":[{\"resource\":{},\"resource\":{}}]}", DecodeErrorReason.DuplicateJsonField)]
    [InlineData("{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"startTimeUnixNano\":\"-1\"}]}]}]}",
        DecodeErrorReason.BadJsonValue)]
    [InlineData("{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":7}]}]}]}", DecodeErrorReason.BadJsonValue)]
    [InlineData(
        "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"attributes\":" +
        "[{\"key\":\"gen_ai.usage.input_tokens\",\"value\":{\"intValue\":\"1.5\"}}]}]}]}]}",
        DecodeErrorReason.BadJsonValue)]
    public void Malformed_json_is_refused_with_the_reason(string json, DecodeErrorReason reason)
    {
        using var reader = new OtlpTraceReader(AttributeKeyTable.Default, OtlpLimits.Default);

        var result = reader.ReadJson(Encoding.UTF8.GetBytes(json), 1);

        Assert.Null(result.Batch);
        Assert.Equal(reason, result.Error!.Value.Reason);
    }

    [Fact]
    public void Nesting_of_any_depth_costs_no_stack()
    {
        using var reader = new OtlpTraceReader(AttributeKeyTable.Default, OtlpLimits.Default);
        var groups = Enumerable.Repeat((byte)0x13, 1_000_000).ToArray();
        var brackets = Encoding.UTF8.GetBytes("{\"x\":" + new string('[', 1_000_000));

        Assert.Equal(DecodeErrorReason.TooDeep, reader.ReadProtobuf(groups, 1).Error!.Value.Reason);
        Assert.Equal(DecodeErrorReason.TooDeep, reader.ReadJson(brackets, 1).Error!.Value.Reason);
    }

    [Fact]
    public void Arrays_nested_in_a_known_attribute_are_not_descended()
    {
        byte[] value = [];
        for (var i = 0; i < 2_000; i++) value = Field(0x2A, Field(0x0A, value));
        var attribute = Field(0x4A, [.. Field(0x0A, "customer.id"u8), .. Field(0x12, value)]);
        var body = Field(0x0A, Field(0x12, Field(0x12, [.. Ids(), .. attribute])));
        using var reader = new OtlpTraceReader(AttributeKeyTable.Default, OtlpLimits.Default);

        using var batch = reader.ReadProtobuf(body, 1).Batch;

        Assert.Equal(1, batch!.SpanCount);
        foreach (var span in batch.Spans) Assert.Equal(0, span.AttributeCount);
    }

    [Fact]
    public void A_request_with_more_spans_than_the_limit_is_refused_whole()
    {
        var limits = new OtlpLimits { SpansPerRequestMax = 509 };
        using var reader = new OtlpTraceReader(AttributeKeyTable.Default, limits);

        var result = reader.ReadProtobuf(SampleBodies.Typical(), 1);

        Assert.Equal(DecodeErrorReason.TooManySpans, result.Error!.Value.Reason);
        Assert.True(result.Error!.Value.IsOverLimit);
    }

    [Fact]
    public void Decoding_allocates_next_to_nothing_per_span()
    {
        var body = SampleBodies.Typical();
        using var reader = new OtlpTraceReader(AttributeKeyTable.Default, OtlpLimits.Default);
        for (var i = 0; i < 20; i++) reader.ReadProtobuf(body, 1).Batch!.Dispose();

        var before = GC.GetAllocatedBytesForCurrentThread();
        reader.ReadProtobuf(body, 1).Batch!.Dispose();
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.InRange(allocated, 0, 510 * 4);
    }

    private static byte[] Ids() =>
        [.. Field(0x0A, Enumerable.Repeat((byte)1, 16).ToArray()), .. Field(0x12, Enumerable.Repeat((byte)2, 8).ToArray())];

    private static byte[] Field(byte tag, ReadOnlySpan<byte> payload)
    {
        List<byte> bytes = [tag];
        var length = payload.Length;
        for (; length >= 0x80; length >>= 7) bytes.Add((byte)(length | 0x80));
        bytes.Add((byte)length);
        bytes.AddRange(payload);
        return [.. bytes];
    }

    private static byte[] Mutate(byte[] original, Random random)
    {
        var body = (byte[])original.Clone();
        for (var i = random.Next(1, 6); i > 0; i--)
        {
            var at = random.Next(body.Length);
            switch (random.Next(6))
            {
                case 0: body[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: body[at] = (byte)random.Next(256); break;
                case 2: body[at] = 0xFF; break;
                case 3: body = body[..at]; break;
                case 4: body = [.. body[..at], .. body[random.Next(body.Length)..]]; break;
                default: body.AsSpan(at, Math.Min(8, body.Length - at)).Fill(0x80); break;
            }
            if (body.Length == 0) break;
        }
        return body;
    }
}
