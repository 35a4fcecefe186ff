using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Tracing;
using CostAttribution.Domain.Usage;
using CostAttribution.Domain.Usage.Dialects;

namespace CostAttribution.Domain.Costing;

/// <summary>What costing knows about one resource under one attribution table.</summary>
/// <param name="Hash">Of the resource's content.</param>
internal sealed record ResourceFacts(string Service, SpanTraits Traits, string?[] Dimensions, ulong Hash);

/// <summary>What was read off one span, and what election decided about it. Reused from trace to trace.</summary>
internal sealed class SpanFacts
{
    public SpanId SpanId;
    public SpanId ParentSpanId;
    public ulong Start, End, Received;
    public SpanKind Kind;
    public SpanStatus Status;
    public SpanRecordFlags RecordFlags;
    public int LinkCount;
    public string Name = "";
    public ScopeInfo Scope = null!;
    public ResourceFacts Resource = null!;

    public SpanRole Role;
    public SpanFlags Flags;
    public SpanTraits Traits;
    public Dialect Dialect = DialectTable.None;
    public ReportedUsage Usage;
    public string Operation = "", Provider = "", Seller = "", ResponseId = "", ServiceTier = "", FinishReason = "",
        ErrorType = "",
        ServerAddress = "", ToolName = "", StepName = "", HttpRoute = "", RunId = "", ProviderProject = "", ProviderKey = "";

    /// <summary>Account with the provider, and what of the request changes its price.</summary>
    public string Account = "", Geography = "", Endpoint = "", Speed = "";
    public bool TierAsked;

    /// <summary>A named step of a run: an agent's step, a task, a tool.</summary>
    public bool IsStep;

    /// <summary>Response model, else empty.</summary>
    public ModelName ResponseModel = ModelName.None;
    public ModelName RequestModel = ModelName.None;
    public long HttpStatus;
    public int Attempt;

    /// <summary>Units that the span reports and that are no part of a call; null for none.</summary>
    public UnitQuantity[]? OwnUnits;

    // election
    public Ownership Ownership;

    /// <summary>Node of the owner of the call this span repeats; −1 when none.</summary>
    public int SupersededBy;
    public UsageVector Excess;

    /// <summary>The usage is what the span adds to an earlier report, and <see cref="Lifetime"/> what it reports.</summary>
    public bool IsDifference;
    public UsageVector Lifetime;

    public bool HasUsage => Usage.HasUsage;
    public bool IsHttp => (Traits & SpanTraits.RequestHttp) != 0;

    /// <summary>Ended in failure. Some instrumentations name an error type and leave the status unset.</summary>
    public bool Failed => Status == SpanStatus.Error || (ErrorType.Length > 0 && Status == SpanStatus.Unset);

    /// <summary>The model the call ran on as far as this span knows.</summary>
    public ModelName Model => ResponseModel.Name.Length > 0 ? ResponseModel : RequestModel;

    /// <summary>Intervals have a moment in common.</summary>
    public bool Overlaps(SpanFacts other) => Start <= other.End && other.Start <= End;

    /// <summary>The other span lies within this one, give or take a clock skew.</summary>
    public bool Encloses(SpanFacts other, ulong skewNanos) => NotAfter(Start, other.Start, skewNanos)
        && NotAfter(other.End, End, skewNanos);

    // Written so that times at the end of the range cannot overflow.
    private static bool NotAfter(ulong first, ulong second, ulong skewNanos) => first <= second || first - second <= skewNanos;
}
