using CostAttribution.Simulation.World;

namespace CostAttribution.Simulation.Checks;

/// <summary>
/// What the spans of one trace say about customer and feature, and what they want to know, read off the world's spans alone: nothing
/// of the product's costing is used. Values stand on a span, above it, or on its process.
/// </summary>
internal sealed class SpokenTrace
{
    private static readonly Dictionary<string, string> SessionKeys = new()
    {
        ["customer"] = "customer.id", ["user"] = "user.id", ["plan"] = "plan", ["audience"] = "audience", ["team"] = "team",
        ["product"] = "product",
    };

    private readonly Dictionary<ulong, (WorldSpan Span, SpanCopy Copy)> spans;
    private readonly string rootRoute;

    public SpokenTrace(WorldTrace trace, IReadOnlyList<(WorldSpan Span, SpanCopy Copy)> counted)
    {
        Trace = trace;
        spans = counted.ToDictionary(item => item.Span.Id);
        var root = counted.Where(item => item.Span.ParentOf(item.Copy) == 0).OrderBy(item => (ulong)item.Span.StartNanos)
            .ThenBy(item => item.Span.Id).FirstOrDefault();
        rootRoute = root.Span?.Text(root.Copy, "http.route") ?? "";
        RunId = Preorder().Select(item => item.Span.Text(item.Copy, "workflow.run.id")).FirstOrDefault(id => id.Length > 0) ?? "";
    }

    public WorldTrace Trace { get; }

    /// <summary>The explicit run: the first that a span names, parents before children; empty for none.</summary>
    public string RunId { get; }

    /// <summary>The nearest text on a span or above it.</summary>
    public string Near(ulong id, string key) => Path(id).Select(item => item.Span.Text(item.Copy, key))
        .FirstOrDefault(text => text.Length > 0) ?? "";

    public string OfProcess(ulong id) => spans.TryGetValue(id, out var item) ? item.Span.ExporterOf(item.Copy).Customer : "";

    /// <summary>The feature that nobody named: the outermost agent, else the route.</summary>
    public string Unnamed(ulong id) => Path(id).Select(item => item.Span.Text(item.Copy, "gen_ai.agent.name"))
        .LastOrDefault(text => text.Length > 0) ?? rootRoute;

    /// <summary>Whose a span is, as those hear who link to it; empty for none.</summary>
    public string Said(ulong id, string dimension)
    {
        if (!spans.ContainsKey(id)) return "";
        var named = Near(id, dimension + ".id");
        if (named.Length > 0) return named;
        return dimension == "customer" ? OfProcess(id) : Unnamed(id);
    }

    /// <summary>The link of a span, or of the nearest one above it that has any.</summary>
    public (UInt128 Trace, ulong Span)? Link(ulong id) => Path(id).Select(item => item.Span.Link).FirstOrDefault(link => link is not null);

    /// <summary>What it says about sessions: one value each, empty where its spans contradict each other.</summary>
    public IEnumerable<(string Session, string Dimension, string Value)> SessionWords() =>
        from id in spans.Keys
        let session = Near(id, "session.id")
        where session.Length > 0
        from key in SessionKeys
        let value = Near(id, key.Value)
        where value.Length > 0
        group value by (session, key.Key) into said
        select (said.Key.session, said.Key.Key, said.Distinct().Count() == 1 ? said.First() : "");

    /// <summary>Calls whose id the provider gives to no other.</summary>
    public IEnumerable<CallReport> Reports() => from item in spans.Values
        let id = item.Span.Text(item.Copy, "gen_ai.response.id")
        where id.StartsWith("chatcmpl-", StringComparison.Ordinal)
        let isCounted = item.Copy != SpanCopy.Draft
        select new CallReport(Trace, item.Span.Id, id, RankOf(item.Span), item.Span.Text(item.Copy, "gen_ai.response.model"),
            item.Span.StartNanos / 1_000_000_000, isCounted ? item.Span.Number("gen_ai.usage.input_tokens") : 0,
            isCounted ? item.Span.Number("gen_ai.usage.output_tokens") : 0);

    /// <summary>Running totals of its agents.</summary>
    public IEnumerable<AgentTotal> Totals() => from item in spans.Values
        where item.Span.Text(item.Copy, "gen_ai.system") == "strands-agents" && item.Copy != SpanCopy.Draft
        let id = item.Span.Id
        select new AgentTotal(Trace, id, (item.Span.ExporterOf(item.Copy).Service, Near(id, "gen_ai.agent.name"), Near(id, "session.id")),
            (ulong)item.Span.EndNanos, item.Span.Number("gen_ai.usage.input_tokens"), item.Span.Number("gen_ai.usage.output_tokens"),
            spans.Values.Any(other => other.Span.Name != item.Span.Name && other.Copy != SpanCopy.Draft
                && other.Span.Number("gen_ai.usage.input_tokens") > 0 && Path(other.Span.Id).Any(above => above.Span.Id == id)));

    private static int RankOf(WorldSpan span) => span.Exporter.Service == "openrouter" ? 2 : span.Name == "litellm_request" ? 1 : 0;

    /// <summary>The values of a dimension on any of its spans.</summary>
    public IReadOnlyCollection<string> Anywhere(string dimension) => [.. spans.Values
        .Select(item => item.Span.Text(item.Copy, dimension + ".id")).Where(value => value.Length > 0).Distinct()];

    private IEnumerable<(WorldSpan Span, SpanCopy Copy)> Path(ulong id)
    {
        for (; spans.TryGetValue(id, out var item); id = item.Span.ParentOf(item.Copy)) yield return item;
    }

    private IEnumerable<(WorldSpan Span, SpanCopy Copy)> Preorder()
    {
        var children = spans.Values.ToLookup(item => spans.ContainsKey(item.Span.ParentOf(item.Copy)) ? item.Span.ParentOf(item.Copy) : 0);
        return Below(0);

        IEnumerable<(WorldSpan Span, SpanCopy Copy)> Below(ulong parent) =>
            children[parent].OrderBy(item => (ulong)item.Span.StartNanos).ThenBy(item => item.Span.Id)
                .SelectMany(item => Below(item.Span.Id).Prepend(item));
    }
}
