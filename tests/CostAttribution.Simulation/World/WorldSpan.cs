using System.Globalization;
using CostAttribution.Domain.Identity;
using CostAttribution.Workload.Otlp;

namespace CostAttribution.Simulation.World;

/// <summary>The process that a span comes from; what its resource says.</summary>
internal sealed record Exporter(string Service, string Customer = "");

/// <summary>The copies of a span that its senders may have.</summary>
internal enum SpanCopy
{
    /// <summary>As its process sends it when it has ended.</summary>
    Whole,

    /// <summary>Before it has ended, without usage.</summary>
    Draft,

    /// <summary>The same, sent over another Collector whose processors add to the resource.</summary>
    Enriched,

    /// <summary>Another word on it: other identities, another parent.</summary>
    Rival,
}

/// <summary>What a second report of a span says otherwise.</summary>
internal sealed record Rival(ulong Parent, IReadOnlyList<(string Key, object Value)> Attributes);

/// <summary>A span as its process will send it, and what became of it on the way.</summary>
internal sealed class WorldSpan
{
    private const string ScopeName = "shop.instrumentation";

    public required WorldTrace Trace { get; init; }
    public required ulong Id { get; init; }
    public required ulong Parent { get; init; }
    public required string Name { get; init; }
    public required Exporter Exporter { get; init; }
    public required long StartNanos { get; init; }
    public required long EndNanos { get; init; }
    public SpanKind Kind { get; init; } = SpanKind.Internal;
    public StatusCode Status { get; init; }
    public List<(string Key, object Value)> Attributes { get; init; } = [];
    public (UInt128 Trace, ulong Span)? Link { get; init; }

    /// <summary>A provider call: it is kept whatever else is known of its trace.</summary>
    public bool IsCall { get; init; }

    /// <summary>When its process sends it first.</summary>
    public DateTimeOffset DueAt { get; set; }

    /// <summary>Its process reports it once before it has ended, without usage.</summary>
    public bool HasDraft { get; init; }

    /// <summary>Another Collector's idea of the process; null when the span comes over one way only.</summary>
    public Exporter? Enriched { get; init; }
    public Rival? Rival { get; set; }

    public IEnumerable<SpanCopy> Copies => Enum.GetValues<SpanCopy>().Where(copy => copy switch
    {
        SpanCopy.Draft => HasDraft,
        SpanCopy.Enriched => Enriched is not null,
        SpanCopy.Rival => Rival is not null,
        _ => true,
    });

    /// <summary>Times at which some copy came in, in nanoseconds, whatever became of it.</summary>
    public HashSet<ulong> ReceivedAt { get; } = [];

    /// <summary>When the sender of the finished span was first told OK.</summary>
    public DateTimeOffset? AcknowledgedAt { get; set; }

    /// <summary>Copies for which a sender was told OK.</summary>
    public HashSet<SpanCopy> Acknowledged { get; } = [];

    /// <summary>Places in the journal of records that hold a copy and were acknowledged.</summary>
    public HashSet<ulong> Records { get; } = [];

    /// <summary>A record with a copy of it has gone bad: it may be in the ledger or not.</summary>
    public bool Rotten { get; set; }

    /// <summary>Some sender gave it up: it may be in the ledger or not.</summary>
    public bool GivenUp { get; set; }

    public SpanId SpanId => new(Id);

    /// <summary>Some copy of it may be known, or have been known, without anybody vouching for it.</summary>
    public bool IsOfUnknownFate => GivenUp || Rotten;

    public Exporter ExporterOf(SpanCopy copy) => copy == SpanCopy.Enriched ? Enriched! : Exporter;

    public ulong ParentOf(SpanCopy copy) => copy == SpanCopy.Rival ? Rival!.Parent : Parent;

    /// <summary>The text of an attribute of a copy; empty when it has none.</summary>
    public string Text(SpanCopy copy, string key) =>
        AttributesOf(copy).FirstOrDefault(attribute => attribute.Key == key).Value as string ?? "";

    /// <summary>The number of an attribute; 0 when it has none.</summary>
    public long Number(string key) => Attributes.FirstOrDefault(attribute => attribute.Key == key).Value as long? ?? 0;

    private IReadOnlyList<(string Key, object Value)> AttributesOf(SpanCopy copy) =>
        copy == SpanCopy.Rival ? Rival!.Attributes : Attributes;

    private void WriteTo(OtlpTraceWriter writer, SpanCopy copy)
    {
        var draft = copy == SpanCopy.Draft;
        writer.BeginSpan(Trace.Number, Id, ParentOf(copy), Name, Kind, StartNanos, draft ? 0 : EndNanos);
        foreach (var (key, value) in AttributesOf(copy))
        {
            if (draft && key.StartsWith("gen_ai.usage", StringComparison.Ordinal)) continue;
            if (value is long number) writer.Attribute(key, number);
            else writer.Attribute(key, (string)value);
        }
        if (Link is { } link) writer.Link(link.Trace, link.Span);
        writer.EndSpan(draft ? StatusCode.Unset : Status, "");
    }

    /// <summary>One request with these spans, which come from one process.</summary>
    public static byte[] ToRequest(OtlpTraceWriter writer, IReadOnlyList<(WorldSpan Span, SpanCopy Copy)> spans)
    {
        writer.Clear();
        writer.BeginResource();
        var exporter = spans[0].Span.ExporterOf(spans[0].Copy);
        writer.Attribute("service.name", exporter.Service);
        writer.Attribute("deployment.environment.name", "production");
        if (exporter.Customer.Length > 0) writer.Attribute("customer.id", exporter.Customer);
        writer.BeginScope(ScopeName, "1.0");
        foreach (var (span, copy) in spans) span.WriteTo(writer, copy);
        writer.EndScope("");
        writer.EndResource();
        return writer.ToArray();
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Trace.Ordinal}/{Id:x4}");
}

/// <summary>A trace of the world.</summary>
internal sealed class WorldTrace(int ordinal, UInt128 number, string story)
{
    /// <summary>Number for people to read.</summary>
    public int Ordinal { get; } = ordinal;
    public UInt128 Number { get; } = number;
    public string Story { get; } = story;
    public TraceId Id { get; } = new((ulong)(number >> 64), (ulong)number);
    public List<WorldSpan> Spans { get; } = [];
}
