using System.Buffers.Binary;
using CostAttribution.Domain.Identity;
using CostAttribution.Testing.Costing;
using CostAttribution.Testing.Wire.Collector;
using CostAttribution.Testing.Wire.Common;
using CostAttribution.Testing.Wire.Resources;
using CostAttribution.Testing.Wire.Traces;
using CostAttribution.Workload.Otlp;
using Google.Protobuf;

namespace CostAttribution.Testing.Otlp;

/// <summary>Planned spans as the trace requests that a client would send.</summary>
public static class PlanRequests
{
    /// <summary>One request with the spans in the order given, in classes generated from the public definition.</summary>
    public static ExportTraceServiceRequest ToRequest(IEnumerable<SpanPlan> spans)
    {
        var request = new ExportTraceServiceRequest();
        foreach (var process in Runs(spans, span => string.Join(';', span.Resource)))
        {
            var resource = new ResourceSpans { Resource = new Resource() };
            foreach (var (key, value) in process[0].Resource) resource.Resource.Attributes.Add(Pair(key, value));
            foreach (var emitter in Runs(process, span => (span.Scope, span.ScopeVersion, span.SchemaUrl)))
            {
                var first = emitter[0];
                var scope = new ScopeSpans
                {
                    Scope = new InstrumentationScope { Name = first.Scope, Version = first.ScopeVersion },
                    SchemaUrl = first.SchemaUrl,
                };
                scope.Spans.AddRange(emitter.Select(ToSpan));
                resource.ScopeSpans.Add(scope);
            }
            request.ResourceSpans.Add(resource);
        }
        return request;
    }

    /// <summary>The same request, written by the product's own writer.</summary>
    public static byte[] Write(IEnumerable<SpanPlan> spans)
    {
        var writer = new OtlpTraceWriter(1024);
        foreach (var process in Runs(spans, span => string.Join(';', span.Resource)))
        {
            writer.BeginResource();
            foreach (var (key, value) in process[0].Resource) Write(writer, key, value);
            foreach (var emitter in Runs(process, span => (span.Scope, span.ScopeVersion, span.SchemaUrl)))
            {
                writer.BeginScope(emitter[0].Scope, emitter[0].ScopeVersion);
                foreach (var span in emitter) Write(writer, span);
                writer.EndScope(emitter[0].SchemaUrl);
            }
            writer.EndResource();
        }
        return writer.ToArray();
    }

    private static Span ToSpan(SpanPlan plan)
    {
        var span = new Span
        {
            TraceId = Bytes(plan.TraceId), SpanId = Bytes(plan.SpanId), Name = plan.Name,
            Kind = (Span.Types.SpanKind)plan.Kind, StartTimeUnixNano = Nanos(plan.StartMillis), EndTimeUnixNano = Nanos(plan.EndMillis),
        };
        if (plan.Parent.Length > 0) span.ParentSpanId = Bytes(SpanPlan.IdOf(plan.Parent));
        if (plan.Status != default) span.Status = new Status { Code = (Status.Types.StatusCode)plan.Status };
        foreach (var (key, value) in plan.Attributes) span.Attributes.Add(Pair(key, value));
        foreach (var (trace, linked) in plan.Links)
            span.Links.Add(new Span.Types.Link { TraceId = Bytes(trace), SpanId = Bytes(linked) });
        return span;
    }

    private static void Write(OtlpTraceWriter writer, SpanPlan plan)
    {
        writer.BeginSpan(Number(plan.TraceId), plan.SpanId.Value, SpanPlan.IdOf(plan.Parent).Value, plan.Name,
            (SpanKind)plan.Kind, (long)Nanos(plan.StartMillis), (long)Nanos(plan.EndMillis));
        foreach (var (key, value) in plan.Attributes) Write(writer, key, value);
        foreach (var (trace, span) in plan.Links) writer.Link(Number(trace), span.Value);
        writer.EndSpan((StatusCode)plan.Status, "");
    }

    private static void Write(OtlpTraceWriter writer, string key, object value)
    {
        switch (value)
        {
            case string text: writer.Attribute(key, text); break;
            case bool flag: writer.Attribute(key, flag); break;
            case double real: writer.Attribute(key, real); break;
            default: writer.Attribute(key, (long)value); break;
        }
    }

    private static KeyValue Pair(string key, object value) => new()
    {
        Key = key,
        Value = value switch
        {
            string text => new AnyValue { StringValue = text },
            bool flag => new AnyValue { BoolValue = flag },
            double real => new AnyValue { DoubleValue = real },
            _ => new AnyValue { IntValue = (long)value },
        },
    };

    // Neighbours with the same key, in the order given: what one exporter batch looks like.
    private static List<List<SpanPlan>> Runs<TKey>(IEnumerable<SpanPlan> spans, Func<SpanPlan, TKey> key)
    {
        var runs = new List<List<SpanPlan>>();
        foreach (var span in spans)
        {
            if (runs.Count == 0 || !EqualityComparer<TKey>.Default.Equals(key(runs[^1][0]), key(span))) runs.Add([]);
            runs[^1].Add(span);
        }
        return runs;
    }

    private static ulong Nanos(long millis) => TracePlan.BaseNanos + (ulong)millis * 1_000_000;

    private static UInt128 Number(TraceId id) => new(id.High, id.Low);

    private static ByteString Bytes(TraceId id)
    {
        var bytes = new byte[TraceId.Bytes];
        id.WriteTo(bytes);
        return ByteString.CopyFrom(bytes);
    }

    private static ByteString Bytes(SpanId id)
    {
        var bytes = new byte[SpanId.Bytes];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, id.Value);
        return ByteString.CopyFrom(bytes);
    }
}
