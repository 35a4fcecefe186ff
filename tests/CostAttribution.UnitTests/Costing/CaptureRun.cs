using System.Text.Json.Nodes;
using CostAttribution.Domain.Ledger;
using CostAttribution.Testing.Otlp;
using CostAttribution.Testing.Wire.Collector;
using CostAttribution.Testing.Wire.Traces;
using Google.Protobuf;

namespace CostAttribution.UnitTests.Costing;

/// <summary>A capture cut into requests of one span each, as bytes in the form that was received, sent in any order.</summary>
internal sealed class CaptureRun
{
    private readonly List<(byte[] Body, bool IsRoot)> spans = [];
    private readonly bool json;

    public CaptureRun(Capture capture)
    {
        json = capture.IsJson;
        if (json) CutJson(capture.Body);
        else Cut(ExportTraceServiceRequest.Parser.ParseFrom(capture.Body));
    }

    public CaptureRun(ExportTraceServiceRequest request) => Cut(request);

    public static IReadOnlyList<string> Orders { get; } =
        ["as sent", "reversed", "roots last", "roots after eviction", "doubled", "shuffled 1", "shuffled 2", "shuffled 3"];

    /// <summary>Every row that the spans leave when they arrive in this order.</summary>
    public List<LedgerEntry> Rows(string order)
    {
        using var bench = new OtlpBench(ToldRun.Shipped);
        foreach (var (bodies, seconds) in Arrange(order))
        {
            // The bodies of one request joined: a repeated field goes on where it left off.
            bench.Send(json ? Join(bodies) : [.. bodies.SelectMany(body => body)], json);
            bench.Pass(seconds);
        }
        bench.Rest();
        return bench.Rows;
    }

    private List<(byte[][] Bodies, double Seconds)> Arrange(string order)
    {
        var all = spans.Select(span => span.Body).ToArray();
        byte[][] roots = [.. spans.Where(span => span.IsRoot).Select(span => span.Body)];
        byte[][] others = [.. spans.Where(span => !span.IsRoot).Select(span => span.Body)];
        switch (order)
        {
            case "as sent": return [(all, 0)];
            case "reversed": return [.. all.Reverse().Select(body => (new[] { body }, 0.2))];
            case "roots last": return [(others, 20), (roots, 0)];
            case "roots after eviction": return [(others, ArrivalOrders.UntilEvicted), (roots, 0)];
            case "doubled": return [([.. all, .. all], 3), (others, ArrivalOrders.UntilEvicted), (all, 0)];
        }
        var random = new Random(order[^1]);
        random.Shuffle(all);
        return [.. all.Chunk(1 + random.Next(6)).Select(chunk => (chunk, (double)random.Next(3) * random.Next(25)))];
    }

    private void Cut(ExportTraceServiceRequest request)
    {
        foreach (var resource in request.ResourceSpans)
        {
            foreach (var scope in resource.ScopeSpans)
            {
                foreach (var span in scope.Spans)
                {
                    var one = new ResourceSpans
                    {
                        Resource = resource.Resource, SchemaUrl = resource.SchemaUrl,
                        ScopeSpans = { new ScopeSpans { Scope = scope.Scope, SchemaUrl = scope.SchemaUrl, Spans = { span } } },
                    };
                    spans.Add((new ExportTraceServiceRequest { ResourceSpans = { one } }.ToByteArray(), span.ParentSpanId.IsEmpty));
                }
            }
        }
    }

    private void CutJson(byte[] body)
    {
        foreach (var resource in JsonNode.Parse(body)!["resourceSpans"]!.AsArray())
        {
            foreach (var scope in resource!["scopeSpans"]!.AsArray())
            {
                foreach (var span in scope!["spans"]!.AsArray())
                {
                    var (oneResource, oneScope) = (resource.DeepClone().AsObject(), scope.DeepClone().AsObject());
                    oneScope["spans"] = new JsonArray(span!.DeepClone());
                    oneResource["scopeSpans"] = new JsonArray(oneScope);
                    var isRoot = string.IsNullOrEmpty(span["parentSpanId"]?.GetValue<string>());
                    spans.Add((System.Text.Encoding.UTF8.GetBytes(oneResource.ToJsonString()), isRoot));
                }
            }
        }
    }

    private static byte[] Join(byte[][] resources)
    {
        using var joined = new MemoryStream();
        joined.Write("{\"resourceSpans\":["u8);
        for (var i = 0; i < resources.Length; i++)
        {
            if (i > 0) joined.Write(","u8);
            joined.Write(resources[i]);
        }
        joined.Write("]}"u8);
        return joined.ToArray();
    }
}
