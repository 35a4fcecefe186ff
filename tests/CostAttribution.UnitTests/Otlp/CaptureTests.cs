using System.Buffers;
using System.Text.RegularExpressions;
using CostAttribution.Domain.Tracing;
using CostAttribution.Otlp;
using CostAttribution.Testing.Otlp;
using CostAttribution.Testing.Wire.Collector;
using Capture = CostAttribution.Testing.Otlp.Capture;

namespace CostAttribution.UnitTests.Otlp;

public sealed partial class CaptureTests
{
    public static TheoryData<string, string> AllCaptures =>
        new(Captures.All.Select(capture => (capture.Client, capture.Transport)));

    public static TheoryData<string> AllClients => new(Captures.Clients);

    [Theory]
    [MemberData(nameof(AllCaptures))]
    public void Every_span_of_a_published_client_is_kept(string client, string transport)
    {
        var capture = Captures.Get(client, transport);

        var result = Decode(capture);

        Assert.Null(result.Error);
        Assert.Equal(0, result.RejectedSpans);
        using var batch = result.Batch!;
        Assert.NotEqual(0, batch.SpanCount);
        Assert.True(File.Exists(capture.GroundTruthPath));
        if (capture.IsJson) return;
        var oracle = new SlowTraceConverter(AttributeKeyTable.Default, TracingLimits.Default, 1);
        Assert.Equal(oracle.Convert(ExportTraceServiceRequest.Parser.ParseFrom(capture.Body)),
            PlainSpans.From(batch, AttributeKeyTable.Default));
    }

    [Theory]
    [MemberData(nameof(AllClients))]
    public void The_transports_of_one_client_carry_the_same_spans(string client)
    {
        var variants = Captures.All.Where(capture => capture.Client == client).Select(Comparable).ToList();

        foreach (var variant in variants) Assert.Equal(variants[0], variant);
    }

    [Theory]
    [MemberData(nameof(AllCaptures))]
    public void A_request_in_many_segments_decodes_like_one_in_a_single_piece(string client, string transport)
    {
        var capture = Captures.Get(client, transport);
        var whole = Decode(capture);
        using var reader = new OtlpTraceReader(AttributeKeyTable.Default, OtlpLimits.Default);
        var pieces = Segments(capture.Body, 97);

        var result = capture.IsJson ? reader.ReadJson(pieces, 1) : reader.ReadProtobuf(pieces, 1);

        using var expected = whole.Batch!;
        using var batch = result.Batch!;
        Assert.Equal(expected.Encoded.ToArray(), batch.Encoded.ToArray());
    }

    private static DecodeResult Decode(Capture capture)
    {
        using var reader = new OtlpTraceReader(AttributeKeyTable.Default, OtlpLimits.Default);
        return capture.IsJson ? reader.ReadJson(capture.Body, 1) : reader.ReadProtobuf(capture.Body, 1);
    }

    // Ids, times and what the run was named after differ between two runs of one program.
    private static List<string> Comparable(Capture capture)
    {
        using var batch = Decode(capture).Batch!;
        var spans = PlainSpans.From(batch, AttributeKeyTable.Default)
            .Select(span => Volatile().Replace(span, "#").Replace(capture.Transport, "#", StringComparison.Ordinal)).ToList();
        spans.Sort(StringComparer.Ordinal);
        return spans;
    }

    [GeneratedRegex("[0-9a-f]{16,32}|[0-9]{16,}|[A-Za-z0-9_-]{20,}")]
    private static partial Regex Volatile();

    private static ReadOnlySequence<byte> Segments(byte[] body, int size)
    {
        var first = new Segment(body.AsMemory(0, Math.Min(size, body.Length)), null);
        var last = first;
        for (var at = size; at < body.Length; at += size)
            last = new Segment(body.AsMemory(at, Math.Min(size, body.Length - at)), last);
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? previous)
        {
            Memory = memory;
            if (previous is null) return;
            RunningIndex = previous.RunningIndex + previous.Memory.Length;
            previous.Next = this;
        }
    }
}
