using CostAttribution.Domain.Tracing;
using CostAttribution.Otlp;
using CostAttribution.Testing.Otlp;
using CostAttribution.Testing.Wire.Collector;
using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;

namespace CostAttribution.UnitTests.Otlp;

public sealed class DecoderEqualsOracleTests
{
    private const ulong Received = 1_790_000_000_123_456_789;
    private static readonly AttributeKeyTable Keys = new(["tenant", "häufig"]);

    private static readonly OtlpLimits Tight = new()
    {
        Tracing = new TracingLimits
        {
            ValueBytesMax = 21, KeptAttributesPerSpanMax = 7, AttributesPerSpanMax = 25, LinksPerSpanMax = 3,
        },
    };

    [Fact]
    public void Protobuf_in_any_valid_encoding_decodes_as_the_generated_classes_do() => ForAllSeeds(seed =>
    {
        var random = new Random(seed);
        var splitsLists = random.Next(2) == 0;
        var request = new RandomRequests(random, Keys, withStructured: !splitsLists).Next();
        var body = new WireScrambler(random, splitsLists).Scramble(ExportTraceServiceRequest.Descriptor, request.ToByteArray());
        var meant = ExportTraceServiceRequest.Parser.ParseFrom(body);

        AssertEqual(meant, LimitsOf(seed), reader => reader.ReadProtobuf(body, Received));
    });

    [Fact]
    public void Json_decodes_as_the_same_request_in_protobuf() => ForAllSeeds(seed =>
    {
        var random = new Random(seed);
        var request = new RandomRequests(random, Keys).Next();
        var body = new OtlpJsonWriter(random).Write(request);

        AssertEqual(request, LimitsOf(seed), reader => reader.ReadJson(body, Received));
    });

    [Fact]
    public void A_reader_gives_the_same_batch_again_after_any_other_request() => ForAllSeeds(seed =>
    {
        var random = new Random(seed);
        var requests = new RandomRequests(random, Keys);
        var body = requests.Next().ToByteArray();
        using var fresh = new OtlpTraceReader(Keys, OtlpLimits.Default);
        using var used = new OtlpTraceReader(Keys, OtlpLimits.Default);
        used.ReadProtobuf(requests.Next().ToByteArray(), 1).Batch?.Dispose();
        used.ReadProtobuf(body.AsSpan(0, random.Next(body.Length + 1)), 1).Batch?.Dispose();
        used.ReadJson("{\"resourceSpans\":[{\"resource\":{\"attributes\":[]},\"scopeSpans\":["u8, 1).Batch?.Dispose();

        using var first = fresh.ReadProtobuf(body, Received).Batch;
        using var second = used.ReadProtobuf(body, Received).Batch;

        Assert.Equal(first!.Encoded.ToArray(), second!.Encoded.ToArray());
    });

    private static void AssertEqual(ExportTraceServiceRequest meant, OtlpLimits limits,
        Func<OtlpTraceReader, DecodeResult> decode)
    {
        var oracle = new SlowTraceConverter(Keys, limits.Tracing, Received);
        var expected = oracle.Convert(meant);
        using var reader = new OtlpTraceReader(Keys, limits);

        var result = decode(reader);

        Assert.Null(result.Error);
        using var batch = result.Batch!;
        // Two fields carry spans, and an encoding may mix them; their order among each other means nothing.
        Assert.Equal(expected.Order(StringComparer.Ordinal), PlainSpans.From(batch, Keys).Order(StringComparer.Ordinal));
        Assert.Equal(expected.Count, batch.SpanCount);
        foreach (var reason in RejectedSpanCounts.Reasons)
            Assert.Equal(oracle.Rejected[RejectedSpanCounts.NameOf(reason)], result.Rejected[reason]);
        using var reread = SpanBatch.Decode(batch.Encoded.Span, Keys);
        Assert.Equal(batch.Encoded.ToArray(), reread.Encoded.ToArray());
    }

    private static OtlpLimits LimitsOf(int seed) => seed % 3 == 0 ? Tight : OtlpLimits.Default;

    // The seed is what FsCheck reports when a request fails.
    private static void ForAllSeeds(Action<int> check) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(400), Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), check));
}
