using System.Text;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Tracing;

namespace CostAttribution.Testing.Costing;

/// <summary>Encodes planned spans the way the decoder does, and collects them into a trace in any order.</summary>
public static class TracePlan
{
    /// <summary>2026-11-22T00:00:00Z.</summary>
    public const ulong BaseNanos = 1_795_305_600_000_000_000;

    public static TraceId TraceId { get; } = new(0x0102030405060708, 0x090a0b0c0d0e0f10);

    /// <summary>The trace of the spans, each in a batch of its own, in the order given.</summary>
    public static TraceSpans Collect(IEnumerable<SpanPlan> spans, AttributeKeyTable? keys = null,
        ulong receivedNanos = BaseNanos + 60_000_000_000)
    {
        var planned = spans.ToArray();
        var trace = new TraceSpans(planned.Length == 0 ? TraceId : planned[0].TraceId);
        var sources = new SourceTable();
        using var builder = new SpanBatchBuilder(keys ?? AttributeKeyTable.Default, TracingLimits.Default);
        foreach (var span in planned)
        {
            Encode(span, builder, receivedNanos);
            using var batch = builder.Build();
            trace.AddAll(batch, sources);
        }
        return trace;
    }

    /// <summary>A trace of the spans, all in one batch: for traces too large for one batch a span.</summary>
    public static TraceSpans CollectAtOnce(IEnumerable<SpanPlan> spans)
    {
        var trace = new TraceSpans(TraceId);
        using var builder = new SpanBatchBuilder(AttributeKeyTable.Default, TracingLimits.Default);
        foreach (var span in spans) Encode(span, builder, BaseNanos + 60_000_000_000);
        using var batch = builder.Build();
        trace.AddAll(batch, new SourceTable());
        return trace;
    }

    public static void Encode(SpanPlan span, SpanBatchBuilder builder, ulong receivedNanos)
    {
        builder.BeginResource();
        var hints = FingerprintHints.None;
        foreach (var (key, value) in span.Resource) Add(builder, key, value, ref hints);
        var resource = builder.EndResource();
        var scope = builder.AddScope(Encoding.UTF8.GetBytes(span.Scope), Encoding.UTF8.GetBytes(span.ScopeVersion),
            Encoding.UTF8.GetBytes(span.SchemaUrl));

        builder.BeginSpan();
        hints = FingerprintHints.None;
        foreach (var (key, value) in span.Attributes) Add(builder, key, value, ref hints);
        Span<byte> link = stackalloc byte[24];
        foreach (var (trace, linked) in span.Links)
        {
            trace.WriteTo(link);
            linked.WriteTo(link[16..]);
            builder.AddLink(link[..16], link[16..]);
        }
        var header = new SpanHeader
        {
            TraceId = span.TraceId,
            SpanId = span.SpanId,
            ParentSpanId = SpanPlan.IdOf(span.Parent),
            StartNanos = BaseNanos + (ulong)span.StartMillis * 1_000_000,
            EndNanos = BaseNanos + (ulong)span.EndMillis * 1_000_000,
            Kind = span.Kind,
            Status = span.Status,
            Hints = hints,
        };
        builder.EndSpan(header, Encoding.UTF8.GetBytes(span.Name), resource, scope, receivedNanos);
    }

    private static void Add(SpanBatchBuilder builder, string name, object value, ref FingerprintHints hints)
    {
        var utf8 = Encoding.UTF8.GetBytes(name);
        hints |= FingerprintPrefixes.HintOf(utf8);
        if (!builder.Keys.TryGet(utf8, out var key)) return;
        switch (value)
        {
            case string text when (key.Use & AttributeUse.Structured) != 0:
                var read = StructuredAttributes.TryExtract(key.Id, Encoding.UTF8.GetBytes(text), builder);
                if (!read) builder.Flag(SpanRecordFlags.BadStructuredValue);
                break;
            case string text: builder.AddText(key, Encoding.UTF8.GetBytes(text)); break;
            case long whole: builder.AddInt(key, whole); break;
            case int whole: builder.AddInt(key, whole); break;
            case double real: builder.AddDouble(key, real); break;
            case bool flag: builder.AddBool(key, flag); break;
            default: throw new ArgumentException($"no attribute type for {value.GetType()}", nameof(value));
        }
    }
}
