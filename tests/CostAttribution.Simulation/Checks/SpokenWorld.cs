using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Simulation.World;

namespace CostAttribution.Simulation.Checks;

/// <summary>
/// What all traces say to each other about sessions, runs and linked spans, and so whose every call is: derived from the world's spans
/// by the order of evidence, own, ancestor, link, run, process, session. Where it is not known what a trace said (a span of unknown
/// fate, words that only a process knew that is gone) what others may have heard of it is left open.
/// </summary>
internal sealed class SpokenWorld
{
    private readonly Dictionary<UInt128, SpokenTrace> traces = [];
    private readonly HashSet<UInt128> unsure = [];
    private readonly HashSet<string> unsureTopics = [];
    private readonly List<CallReport> reports = [];
    private readonly List<AgentTotal> totals = [];
    private readonly List<(WorldTrace Trace, string Topic, string Dimension, string Value)> said = [];

    /// <param name="trace">Who speaks.</param>
    /// <param name="counted">Its spans, and which copy of each counts.</param>
    /// <param name="isSure">Whether these words and no others are known to whoever asks.</param>
    /// <param name="isStored">
    /// Whether it is in the store. Whose its spans are is otherwise known only for as long as it is in memory.
    /// </param>
    public void Add(WorldTrace trace, IReadOnlyList<(WorldSpan Span, SpanCopy Copy)> counted, bool isSure, bool isStored)
    {
        var spoken = traces[trace.Number] = new SpokenTrace(trace, counted);
        foreach (var (session, dimension, value) in spoken.SessionWords()) said.Add((trace, OfSession(session), dimension, value));
        if (spoken.RunId.Length > 0)
        {
            foreach (var dimension in (string[])["customer", "feature"])
            {
                var values = spoken.Anywhere(dimension);
                if (values.Count > 0) said.Add((trace, OfRun(spoken.RunId), dimension, values.Count == 1 ? values.First() : ""));
            }
        }
        reports.AddRange(spoken.Reports());
        totals.AddRange(spoken.Totals());
        if (!isSure) LeaveOpen(trace);
        else if (!isStored) unsure.Add(trace.Number);
    }

    /// <summary>A trace of which nothing is certain.</summary>
    public void LeaveOpen(WorldTrace trace)
    {
        unsure.Add(trace.Number);
        foreach (var span in trace.Spans)
        {
            foreach (var copy in span.Copies)
            {
                unsureTopics.Add(OfSession(span.Text(copy, "session.id")));
                unsureTopics.Add(OfRun(span.Text(copy, "workflow.run.id")));
                if (span.Text(copy, "gen_ai.agent.name") is { Length: > 0 } agent) unsureTopics.Add(OfAgent(agent));
                unsureTopics.Add(OfResponse(span.Text(copy, "gen_ai.response.id")));
            }
        }
    }

    /// <summary>What the trace with these entries has heard when nobody has forgotten anything; null when that is left open.</summary>
    public TraceContext? ContextOf(WorldTrace trace, IReadOnlyList<LedgerEntry> entries)
    {
        if (!traces.TryGetValue(trace.Number, out var spoken)) return null;
        var sessions = new Dictionary<string, OutsideValue[]>(StringComparer.Ordinal);
        var links = new Dictionary<(TraceId, SpanId), OutsideValue[]>();
        foreach (var id in entries.Select(entry => entry.SpanId.Value))
        {
            var isNamed = spoken.Near(id, "customer.id").Length > 0;
            if (!isNamed && spoken.OfProcess(id).Length == 0 && spoken.Near(id, "session.id") is { Length: > 0 } session)
            {
                if (unsureTopics.Contains(OfSession(session))) return null;
                sessions[session] = Agreed(trace, OfSession(session));
            }
            if (isNamed || spoken.Link(id) is not { } link || link.Trace == trace.Number) continue;
            if (unsure.Contains(link.Trace)) return null;
            links[KeyOf(link)] = OwnerOf(link);
        }
        var responses = new Dictionary<string, OutsideValue[]>(StringComparer.Ordinal);
        foreach (var report in reports.Where(report => report.Trace == trace && report.Rank > 0))
        {
            if (unsureTopics.Contains(OfResponse(report.Id))) return null;
            responses[ResponseKey.Of(report.Id)] = IsOverused(report.Id) ? [] : [.. reports
                .Where(other => other.Id == report.Id && other.Trace != trace).Select(other => new OutsideValue(other.Trace.Id.ToString(), other.Word))];
        }
        if (totals.Exists(total => total.Trace == trace && unsureTopics.Contains(OfAgent(total.Series.Agent)))) return null;
        if (spoken.RunId.Length > 0 && unsureTopics.Contains(OfRun(spoken.RunId))) return null;
        var run = spoken.RunId.Length > 0 ? Agreed(trace, OfRun(spoken.RunId)) : [];
        return TraceContext.Empty with { Sessions = sessions, Links = links, Run = run, RunId = run.Length > 0 ? spoken.RunId : "",
            Responses = responses, Series = SeriesOf(trace) };
    }

    /// <summary>Whether another trace bills the call that this span reports.</summary>
    public bool IsBilledElsewhere(WorldTrace trace, ulong span) => reports.Find(report => report.Trace == trace && report.Span == span)
        is { } own && !IsOverused(own.Id) && reports.Exists(own.LeavesTo);

    private Dictionary<string, OutsideValue[]> SeriesOf(WorldTrace trace)
    {
        var heard = new Dictionary<string, OutsideValue[]>(StringComparer.Ordinal);
        foreach (var series in totals.GroupBy(total => total.Series))
        {
            if (series.All(total => total.Trace != trace || total.HasCalls)) continue;
            if (AgentTotal.Continued(series).FirstOrDefault(pair => pair.Total.Trace == trace).Before is not { } before) continue;
            var (service, agent, session) = series.Key;
            heard[LifetimeSeries.KeyOf(service, "", agent + "\u001e", session)] = [new OutsideValue(before.Trace.Id.ToString(),
                AgentTotal.WordOf(series.Where(total => total.Trace == before.Trace)))];
        }
        return heard;
    }

    /// <summary>What a span adds to its agent's totals; null for one that reports none.</summary>
    public (long Input, long Output)? AddedBy(WorldTrace trace, ulong span)
    {
        if (totals.Find(total => total.Trace == trace && total.Span == span) is not { } own) return null;
        var before = AgentTotal.Continued(totals.Where(other => other.Series == own.Series)).First(pair => pair.Total == own).Before;
        return before is null ? (own.Input, own.Output) : (own.Input - before.Input, own.Output - before.Output);
    }

    private bool IsOverused(string id) =>
        reports.Where(report => report.Id == id).Select(report => report.Trace).Distinct().Count() > CallReport.ReportersMax;

    /// <summary>Whose an entry is, by the order of evidence, given what its trace has heard.</summary>
    public string OwnerOf(WorldTrace trace, LedgerEntry entry, TraceContext heard, string dimension)
    {
        var spoken = traces[trace.Number];
        var id = entry.SpanId.Value;
        if (spoken.Near(id, dimension + ".id") is { Length: > 0 } named) return named;
        if (spoken.Link(id) is { } link && OfLinked(spoken, link, heard, dimension) is { Length: > 0 } linked) return linked;
        if (InRun(spoken, Value(heard.Run, dimension), dimension) is { Length: > 0 } unique) return unique;
        if (dimension == "feature") return spoken.Unnamed(id);
        if (spoken.OfProcess(id) is { Length: > 0 } process) return process;
        return heard.Sessions.TryGetValue(spoken.Near(id, "session.id"), out var values) ? Value(values, dimension) : "";
    }

    private static string OfLinked(SpokenTrace spoken, (UInt128 Trace, ulong Span) link, TraceContext heard, string dimension) =>
        link.Trace == spoken.Trace.Number ? spoken.Said(link.Span, dimension)
            : heard.Links.TryGetValue(KeyOf(link), out var values) ? Value(values, dimension) : "";

    private static string InRun(SpokenTrace spoken, string elsewhere, string dimension)
    {
        var here = spoken.Anywhere(dimension);
        if (here.Count > 1) return "";
        if (here.Count == 0) return elsewhere;
        return elsewhere.Length == 0 || elsewhere == here.First() ? here.First() : "";
    }

    private static (TraceId, SpanId) KeyOf((UInt128 Trace, ulong Span) link) =>
        (new TraceId((ulong)(link.Trace >> 64), (ulong)link.Trace), new SpanId(link.Span));

    private OutsideValue[] OwnerOf((UInt128 Trace, ulong Span) link)
    {
        if (!traces.TryGetValue(link.Trace, out var linked)) return [];
        OutsideValue[] values = [new("customer", linked.Said(link.Span, "customer")), new("feature", linked.Said(link.Span, "feature"))];
        return [.. values.Where(value => value.Value.Length > 0)];
    }

    // Sources that disagree, and one that says several itself, answer nothing.
    private OutsideValue[] Agreed(WorldTrace asker, string topic) =>
        [.. said.Where(word => word.Topic == topic && word.Trace != asker).GroupBy(word => word.Dimension)
            .Where(group => group.Select(word => word.Value).Distinct().Count() == 1 && group.First().Value.Length > 0)
            .Select(group => new OutsideValue(group.Key, group.First().Value)).OrderBy(value => value.Dimension, StringComparer.Ordinal)];

    private static string Value(IReadOnlyList<OutsideValue> values, string dimension) =>
        values.FirstOrDefault(value => value.Dimension == dimension).Value ?? "";

    private static string OfSession(string session) => "session " + session;

    private static string OfAgent(string agent) => "agent " + agent;

    private static string OfResponse(string id) => "response " + id;

    private static string OfRun(string run) => "run " + run;
}
