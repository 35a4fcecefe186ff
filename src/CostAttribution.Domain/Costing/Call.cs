using CostAttribution.Domain.Usage;

namespace CostAttribution.Domain.Costing;

/// <summary>One provider call with all spans that report it; becomes one ledger row. Reused from trace to trace.</summary>
internal sealed class Call
{
    /// <summary>Node that stands for the call.</summary>
    public int Owner;

    /// <summary>Outermost and innermost of its spans.</summary>
    public int Top, Bottom;

    /// <summary>Its spans as a list through <see cref="CallElection.NextMember"/>.</summary>
    public int FirstMember, LastMember;

    /// <summary>The call this one was found to repeat; null while it stands.</summary>
    public Call? MergedInto;
    public string ResponseId = "";
    public SpanFlags Flags;
    public bool HasUsage;

    /// <summary>Failed without usage.</summary>
    public bool Failed;

    /// <summary>Bill <see cref="Adjustment"/> instead of what the owner reports.</summary>
    public bool Adjusted;
    public UsageVector Adjustment;

    public Call Standing
    {
        get
        {
            var call = this;
            while (call.MergedInto is { } next) call = next;
            return call;
        }
    }

    public void Begin(int node, SpanFacts facts)
    {
        Owner = Top = Bottom = FirstMember = LastMember = node;
        MergedInto = null;
        Adjusted = false;
        ResponseId = facts.ResponseId;
        Flags = SpanFlags.None;
        HasUsage = facts.HasUsage;
        Failed = !facts.HasUsage && facts.Failed;
    }
}
