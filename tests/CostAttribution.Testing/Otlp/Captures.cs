namespace CostAttribution.Testing.Otlp;

/// <summary>One recorded trace request of a published client.</summary>
/// <param name="Client">Folder under <c>captures/raw</c>, such as <c>openinference</c>.</param>
/// <param name="Transport"><c>grpc</c>, <c>grpc-via-otelcol</c>, <c>httpproto</c> or <c>httpjson</c>.</param>
/// <param name="Body">The message, without gRPC frame or compression.</param>
public sealed record Capture(string Client, string Transport, byte[] Body)
{
    public bool IsJson => Transport == "httpjson";

    /// <summary>Path of the provider's own account of the same run, one JSON object a line.</summary>
    public string GroundTruthPath => Path.Combine(Captures.Root, "ground-truth", $"{Client}-{Transport}.jsonl");

    public override string ToString() => $"{Client}/{Transport}";
}

/// <summary>The requests under <c>tests/captures</c>, found beside the test's own assembly.</summary>
public static class Captures
{
    public static string Root { get; } = Path.Combine(AppContext.BaseDirectory, "captures");

    /// <summary>Every trace request, ordered by client and transport.</summary>
    public static IReadOnlyList<Capture> All { get; } = Load();

    public static IEnumerable<string> Clients => All.Select(capture => capture.Client).Distinct();

    public static Capture Get(string client, string transport) =>
        All.Single(capture => capture.Client == client && capture.Transport == transport);

    private static List<Capture> Load()
    {
        var captures = new List<Capture>();
        foreach (var client in Directory.GetDirectories(Path.Combine(Root, "raw")).Order(StringComparer.Ordinal))
        {
            foreach (var transport in Directory.GetDirectories(client).Order(StringComparer.Ordinal))
            {
                foreach (var file in Directory.GetFiles(transport, "*-traces.*.bin").Order(StringComparer.Ordinal))
                    captures.Add(new Capture(Path.GetFileName(client), Path.GetFileName(transport), File.ReadAllBytes(file)));
            }
        }
        return captures;
    }
}
