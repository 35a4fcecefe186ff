using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Domain.Costing;

/// <summary>
/// Calls that another trace reports as well (docs/dialects.md §10.6 step 5): a gateway, a provider or a broker pushes spans in
/// traces of its own. What an application reports is billed there; a trace that has a call from a gateway or a provider alone
/// asks whether anybody else has it, and posts it without usage when somebody has who goes first. Applications only tell.
/// </summary>
internal sealed class CallsElsewhere
{
    private readonly Dictionary<Call, (string Key, CallWord Word)> words = [];
    private readonly HashSet<string> met = [];
    private readonly HashSet<string> ambiguous = [];

    /// <summary>Notes what the elected calls say and ask; by the spans alone.</summary>
    public void Collect(CallElection calls, SpanFacts[] facts, TraceCosts result)
    {
        words.Clear();
        met.Clear();
        ambiguous.Clear();
        foreach (var call in calls.Calls)
        {
            if (call.Failed || ResponseKey.Of(call.ResponseId) is not { Length: > 0 } key) continue;
            words.Add(call, (key, WordOf(call, calls, facts)));
            if (!met.Add(key)) ambiguous.Add(key);
        }
        foreach (var (_, (key, word)) in words)
        {
            // Two calls of one trace under one id: it names neither.
            if (!ambiguous.Contains(key)) result.Responses.Add((key, word.ToString(), word.Side != CallSide.Application));
        }
    }

    /// <summary>
    /// Whether another trace bills the call. <paramref name="differs"/> when one reports the same id and other numbers: then both
    /// are billed.
    /// </summary>
    public bool IsBilledElsewhere(Call call, TraceContext context, TraceId trace, out bool differs)
    {
        differs = false;
        if (context.Responses.Count == 0 || !words.TryGetValue(call, out var own) || own.Word.Side == CallSide.Application
            || ambiguous.Contains(own.Key) || !context.Responses.TryGetValue(own.Key, out var heard)) return false;
        var id = trace.ToString();
        var yields = false;
        foreach (var (source, text) in heard)
        {
            if (!CallWord.TryParse(text, out var other))
            {
                // More traces name it than can report one call.
                differs = false;
                return false;
            }
            if (!own.Word.Meets(other)) continue;
            if (!own.Word.Agrees(other)) differs = true;
            else yields |= own.Word.YieldsTo(other, id, source);
        }
        differs &= !yields;
        return yields;
    }

    private static CallWord WordOf(Call call, CallElection calls, SpanFacts[] facts)
    {
        var owner = facts[call.Owner];
        var side = CallSide.Vendor;
        for (var node = call.FirstMember; node >= 0; node = calls.NextMember(node))
        {
            var dialect = facts[node].Dialect;
            var own = dialect.VendorPushed ? CallSide.Vendor : dialect.Gateway ? CallSide.Gateway : CallSide.Application;
            if (own < side) side = own;
        }
        var model = owner.Model.Family;
        var asked = owner.RequestModel.Family;
        ref readonly var usage = ref owner.Usage;
        var hasOutput = (usage.Parts & UsageParts.Output) != 0;
        return new CallWord(side, call.HasUsage, usage.InputTotal, usage.RawInput, usage.Vector.InputTokens,
            hasOutput ? usage.OutputTotal : -1, (long)(owner.Start / 1_000_000_000), model, asked == model ? "" : asked);
    }
}
