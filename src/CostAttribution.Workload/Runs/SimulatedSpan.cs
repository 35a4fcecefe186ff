using CostAttribution.Workload.Otlp;
using CostAttribution.Workload.Product;

namespace CostAttribution.Workload.Runs;

/// <summary>A span while its run is being acted out; times are nanoseconds from the start of the run.</summary>
internal sealed class SimulatedSpan(ulong spanId, ulong parentSpanId, string name, SpanKind kind, ServiceProfile service,
    ScopeProfile scope, long startNanos)
{
    private readonly List<SpanAttribute> _attributes = new(16);

    public ulong SpanId { get; } = spanId;
    public ulong ParentSpanId { get; } = parentSpanId;
    public string Name { get; } = name;
    public SpanKind Kind { get; } = kind;
    public ServiceProfile Service { get; } = service;
    public ScopeProfile Scope { get; } = scope;
    public long StartNanos { get; } = startNanos;
    public long EndNanos { get; private set; } = startNanos;
    public StatusCode Status { get; private set; }
    public string StatusMessage { get; private set; } = "";
    public (UInt128 TraceId, ulong SpanId)? Link { get; init; }
    public IReadOnlyList<SpanAttribute> Attributes => _attributes;

    public SimulatedSpan Set(string key, string value)
    {
        _attributes.Add(new SpanAttribute(key, value));
        return this;
    }

    public SimulatedSpan Set(string key, long value)
    {
        _attributes.Add(new SpanAttribute(key, null, value));
        return this;
    }

    public SimulatedSpan Set(string key, bool value)
    {
        _attributes.Add(new SpanAttribute(key, null, value ? 1 : 0, IsBool: true));
        return this;
    }

    public SimulatedSpan SetList(string key, string value)
    {
        _attributes.Add(new SpanAttribute(key, value, IsList: true));
        return this;
    }

    public void End(long nanos, StatusCode status, string message)
    {
        EndNanos = nanos;
        Status = status;
        StatusMessage = message;
    }

    public void WriteTo(OtlpTraceWriter writer, UInt128 traceId, long originUnixNanos)
    {
        writer.BeginSpan(traceId, SpanId, ParentSpanId, Name, Kind, originUnixNanos + StartNanos, originUnixNanos + EndNanos);
        foreach (var attribute in _attributes) attribute.WriteTo(writer);
        if (Link is { } link) writer.Link(link.TraceId, link.SpanId);
        writer.EndSpan(Status, StatusMessage);
    }
}

/// <summary>Text, a whole number, a truth value, or a list with one text.</summary>
internal readonly record struct SpanAttribute(string Key, string? Text, long Number = 0, bool IsBool = false, bool IsList = false)
{
    public void WriteTo(OtlpTraceWriter writer)
    {
        if (Text is null && IsBool) writer.Attribute(Key, Number != 0);
        else if (Text is null) writer.Attribute(Key, Number);
        else if (IsList) writer.Attribute(Key, [Text]);
        else writer.Attribute(Key, Text);
    }
}
