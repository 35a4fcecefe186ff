using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Tracing;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Domain.Costing;

/// <summary>
/// Containers that report what their agent has used since it was made (Strands Python, OpenLLMetry CrewAI; docs/dialects.md
/// §10.6 step 4): where no call below shows its own usage, each is taken for what it says beyond the one before it, of the same
/// service, process, agent and session, in this trace or in another. One whose total fell is of a new agent, which started at
/// nothing. What belongs together is read off the spans alone, not by attribution rules: who is billed depends on no setting.
/// </summary>
internal sealed class LifetimeSeries
{
    /// <summary>Spans above a container that are looked at.</summary>
    private const int AncestorsMax = 64;

    private static readonly ushort[] AgentKeys = IdsOf(["gen_ai.agent.name", "gen_ai.agent.id"]);
    private static readonly ushort[] SessionKeys = IdsOf(DefaultDimensionKeys.Of(Dimension.Session).Keys);
    private static readonly ushort InstanceKey = IdsOf(["service.instance.id"])[0];

    private readonly Dictionary<string, List<int>> bySeries = new(StringComparer.Ordinal);
    private readonly Dictionary<int, (string Agent, int Depth)> seen = [];
    private readonly OpenTotals open = new();
    private bool[] callsBelow = [];

    /// <summary>Sixteen hexadecimal characters for a series.</summary>
    /// <param name="service">Name of the service.</param>
    /// <param name="instance">Which process of it; empty when it does not say.</param>
    /// <param name="agent">Name and id of the agent.</param>
    /// <param name="session">Empty for none.</param>
    public static string KeyOf(string service, string instance, string agent, string session)
    {
        var text = $"{service}\u001f{instance}\u001f{agent}\u001f{session}";
        return XxHash3.HashToUInt64(MemoryMarshal.AsBytes(text.AsSpan())).ToString("x16", CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// Replaces running totals by differences, and notes what the trace says and asks of its series. Comes before containers are
    /// elected.
    /// </summary>
    public void Apply(TraceSpans trace, TraceTree tree, SpanFacts[] facts, CallElection calls, TraceContext context,
        TraceCosts result)
    {
        bySeries.Clear();
        seen.Clear();
        for (var node = 0; node < tree.Count; node++)
        {
            var span = facts[node];
            span.IsDifference = false;
            if (!span.Dialect.LifetimeTotals || span.Role != SpanRole.Container || !span.HasUsage) continue;
            var key = KeyOf(span.Resource.Service, InstanceOf(trace.ResourceOf(trace[tree.Position(node)])),
                AgentOf(node, trace, tree, span), TextOn(node, SessionKeys, trace, tree, AncestorsMax));
            if (!bySeries.TryGetValue(key, out var nodes)) bySeries[key] = nodes = [];
            nodes.Add(node);
        }
        if (bySeries.Count == 0) return;
        FindCalls(tree, facts, calls);
        foreach (var (key, nodes) in bySeries) Apply(key, nodes, facts, context, result);
        result.Series.Sort(static (left, right) => string.CompareOrdinal(left.Key, right.Key));
    }

    private void Apply(string key, List<int> nodes, SpanFacts[] facts, TraceContext context, TraceCosts result)
    {
        nodes.Sort((left, right) => facts[left].End != facts[right].End ? facts[left].End.CompareTo(facts[right].End)
            : facts[left].SpanId.CompareTo(facts[right].SpanId));
        var (first, last) = (facts[nodes[0]], facts[nodes[^1]]);
        var asks = nodes.Exists(node => !callsBelow[node]);
        var word = new TotalWord(last.End, asks, new RunningTotal(first.Usage.Vector), new RunningTotal(last.Usage.Vector));
        result.Series.Add((key, word.ToString(), asks));

        open.Clear();
        for (var i = 0; i < nodes.Count; i++)
        {
            var span = facts[nodes[i]];
            var total = new RunningTotal(span.Usage.Vector);
            RunningTotal? before = null;
            // Other traces were told of the first invocation: what came before the trace is for it alone.
            if (i == 0) before = Heard(context, key);
            else if (open.Continue(total) is >= 0 and var place) before = new RunningTotal(ReportOf(facts[nodes[place]]));
            if (!callsBelow[nodes[i]])
            {
                span.Flags |= SpanFlags.CumulativeSuspect;
                if (before is { } known && total.Continues(known)) TakeDifference(span, total.Since(known));
            }
            open.Add(total, i);
        }
    }

    private static UsageVector ReportOf(SpanFacts span) => span.IsDifference ? span.Lifetime : span.Usage.Vector;

    private static RunningTotal? Heard(TraceContext context, string key) =>
        context.Series.TryGetValue(key, out var heard) && heard is [var told] && TotalWord.TryParse(told.Value, out var word)
            ? word.Last : null;

    // Where calls below show their usage nothing is billed here.
    private void FindCalls(TraceTree tree, SpanFacts[] facts, CallElection calls)
    {
        Scratch.Ensure(ref callsBelow, tree.Count);
        Array.Clear(callsBelow, 0, tree.Count);
        for (var node = tree.Count - 1; node >= 0; node--)
        {
            callsBelow[node] |= facts[node].HasUsage && calls.CallOf(node) is not null;
            if (callsBelow[node] && tree.Parent(node) is >= 0 and var parent) callsBelow[parent] = true;
        }
    }

    // CrewAI names agents by the span alone. One of the same name that is called by another is another.
    private string AgentOf(int node, TraceSpans trace, TraceTree tree, SpanFacts span)
    {
        var agent = string.Join('\u001e', AgentKeys.Select(key => TextOn(node, [key], trace, tree, 0)));
        if (agent.Length < AgentKeys.Length) agent = span.Name;
        var (at, depth) = (tree.Parent(node), 0);
        for (var steps = 0; at >= 0 && steps < AncestorsMax && !seen.ContainsKey(at); steps++) at = tree.Parent(at);
        if (seen.TryGetValue(at, out var above) && above.Agent == agent) depth = above.Depth + 1;
        seen[node] = (agent, depth);
        return depth == 0 ? agent : string.Create(CultureInfo.InvariantCulture, $"{agent}\u001e{depth}");
    }

    private static string TextOn(int node, ReadOnlySpan<ushort> keys, TraceSpans trace, TraceTree tree, int ancestors)
    {
        for (; node >= 0 && ancestors >= 0; node = tree.Parent(node), ancestors--)
        {
            var (best, text) = (keys.Length, "");
            foreach (var attribute in trace[tree.Position(node)].Attributes)
            {
                if (keys.IndexOf(attribute.Key) is not (>= 0 and var rank) || rank >= best) continue;
                if (attribute.Type != AttributeType.String || attribute.Utf8.IsEmpty) continue;
                (best, text) = (rank, Encoding.UTF8.GetString(attribute.Utf8));
            }
            if (text.Length > 0) return text;
        }
        return "";
    }

    private static string InstanceOf(ResourceInfo resource)
    {
        foreach (var attribute in resource.Attributes)
        {
            if (attribute.Key == InstanceKey && attribute.Type == AttributeType.String)
                return Encoding.UTF8.GetString(attribute.Utf8);
        }
        return "";
    }

    private static ushort[] IdsOf(string[] names) =>
        [.. names.SelectMany(name => KnownKeys.All.Where(key => key.Name == name)).Select(key => key.Id)];

    private static void TakeDifference(SpanFacts span, in UsageVector difference)
    {
        ref var usage = ref span.Usage;
        (span.IsDifference, span.Lifetime) = (true, usage.Vector);
        (usage.InputTotal, usage.OutputTotal) = (difference.InputTotal, difference.OutputTokens + difference.ReasoningTokens);
        usage.Vector = difference;
        // A lifetime's, too.
        usage.Cost = null;
    }
}
