using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Domain.Costing;

/// <summary>What kind of work a span stands for. Persisted by name: append only.</summary>
public enum SpanRole : byte { Other = 0, Leaf = 1, Container = 2, Tool = 3, NonBillable = 4 }

/// <summary>
/// What costing decided about one span of a trace, elected or not; the answer behind <c>spans</c> and <em>explain</em>.
/// </summary>
public sealed class SpanOutcome
{
    /// <summary>Position in the <see cref="Tracing.TraceSpans"/> that was costed.</summary>
    public int Position { get; set; }
    public SpanId SpanId { get; set; }
    public SpanRole Role { get; set; }
    public Ownership Ownership { get; set; }

    /// <summary>The span that owns the call this one repeats; zero when none.</summary>
    public SpanId SupersededBy { get; set; }

    /// <summary>Dialect id of <c>docs/dialects.md</c>; empty for spans that are no GenAI spans.</summary>
    public string Dialect { get; set; } = "";
    public SpanFlags Flags { get; set; }

    /// <summary>The usage this span itself reported, normalised; all zero when it reported none.</summary>
    public UsageVector Reported;

    /// <summary>On a container: reported minus what its elected descendants account for, per kind; may be negative.</summary>
    public UsageVector Excess;

    public string CustomerId { get; set; } = "";
    public string FeatureId { get; set; } = "";
    /// <summary>
    /// What the trace itself says of the span (<see cref="EvidenceResolver.FirstHand"/>): what others hear that link to it.
    /// </summary>
    public string SaidCustomer { get; set; } = "";
    public string SaidFeature { get; set; } = "";
    public Evidence CustomerEvidence { get; set; }
    public Evidence FeatureEvidence { get; set; }
}
