using System.Text.Json;
using CostAttribution.Domain.Tracing;
using CostAttribution.Otlp;
using CostAttribution.Testing.Otlp;

namespace CostAttribution.EndToEnd.Intake;

/// <summary>A recorded request with the headers it came with.</summary>
internal sealed class CapturedRequest
{
    private CapturedRequest(Capture capture, string path, Dictionary<string, string> headers)
    {
        Capture = capture;
        Path = path;
        Headers = headers;
    }

    public Capture Capture { get; }
    public string Path { get; }
    public Dictionary<string, string> Headers { get; }
    public bool IsGrpc => Capture.Transport.StartsWith("grpc", StringComparison.Ordinal);

    public static CapturedRequest Load(string client, string transport)
    {
        var file = Directory.GetFiles(System.IO.Path.Combine(Captures.Root, "raw", client, transport), "*-traces.*.meta.json").Single();
        var meta = JsonElement.Parse(File.ReadAllText(file));
        var headers = meta.GetProperty("headers").EnumerateObject().ToDictionary(header => header.Name, header => header.Value.GetString()!);
        return new CapturedRequest(Captures.Get(client, transport), meta.GetProperty("path").GetString()!, headers);
    }

    /// <summary>
    /// Number of spans by trace, of the traces of the business flow. Others, such as those of a connection being set up, hold no
    /// call and become no run.
    /// </summary>
    public Dictionary<string, int> SpansByTrace()
    {
        using var reader = new OtlpTraceReader(AttributeKeyTable.Default, OtlpLimits.Default);
        var result = Capture.IsJson ? reader.ReadJson(Capture.Body, 1) : reader.ReadProtobuf(Capture.Body, 1);
        using var batch = result.Batch!;
        var counts = new Dictionary<string, int>();
        var flows = new HashSet<string>();
        foreach (var span in batch.Spans)
        {
            var id = span.TraceId.ToString();
            counts[id] = counts.GetValueOrDefault(id) + 1;
            if (span.Name.SequenceEqual("workflow support-ticket"u8)) flows.Add(id);
        }
        return counts.Where(count => flows.Contains(count.Key)).ToDictionary();
    }
}
