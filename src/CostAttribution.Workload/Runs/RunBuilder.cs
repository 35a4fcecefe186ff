using CostAttribution.Workload.Otlp;
using CostAttribution.Workload.Product;

namespace CostAttribution.Workload.Runs;

/// <summary>
/// Acts out one run: keeps its clock, makes its spans and tells the ground truth about every provider call at the moment it
/// is made.
/// </summary>
internal sealed class RunBuilder(WorkloadRandom random, UInt128 traceId, CustomerProfile customer, WorkflowProfile workflow,
    string ledgerCustomer, int contentBytesMax, Action<RunBuilder, SimulatedSpan, ProviderCall> recordCall)
{
    private const long NanosPerMillisecond = 1_000_000;
    private readonly List<SimulatedSpan> _spans = new(32);

    public WorkloadRandom Random => random;
    public UInt128 TraceId => traceId;
    public CustomerProfile Customer => customer;
    public WorkflowProfile Workflow => workflow;

    /// <summary>The customer a reader of the spans can find: empty on runs whose key is missing.</summary>
    public string LedgerCustomer => ledgerCustomer;

    public string SessionId { get; } = "sess-" + random.Hex(6);
    public string UserId { get; } = $"{customer.Id}/u-{random.Between(1, 40)}";
    public long NowNanos { get; private set; }
    public IReadOnlyList<SimulatedSpan> Spans => _spans;
    public bool Failed { get; set; }

    public SimulatedSpan Begin(SimulatedSpan? parent, ServiceProfile service, ScopeProfile scope, string name, SpanKind kind)
    {
        var span = new SimulatedSpan(random.NextId(), parent?.SpanId ?? 0, name, kind, service, scope, NowNanos);
        _spans.Add(span);
        return span;
    }

    /// <summary>A root that was caused by a message of another trace.</summary>
    public SimulatedSpan BeginLinked(ServiceProfile service, ScopeProfile scope, string name, SpanKind kind,
        (UInt128 TraceId, ulong SpanId) cause)
    {
        var span = new SimulatedSpan(random.NextId(), 0, name, kind, service, scope, NowNanos) { Link = cause };
        _spans.Add(span);
        return span;
    }

    public void End(SimulatedSpan span, StatusCode status = StatusCode.Unset, string message = "") =>
        span.End(NowNanos, status, message);

    public void Pass(int lowMilliseconds, int highMilliseconds) =>
        NowNanos += random.Between(lowMilliseconds * NanosPerMillisecond, highMilliseconds * NanosPerMillisecond);

    /// <summary>Says that <paramref name="span"/> is the one a ledger row for this call is expected to come from.</summary>
    public void Record(SimulatedSpan span, ProviderCall call) => recordCall(this, span, call);

    /// <summary>Prompt text of a size that grows with the turn; empty when the workload carries none.</summary>
    public string Content(int turn) =>
        contentBytesMax == 0 ? "" : Prose.Take(random, Math.Min(contentBytesMax, 120 + turn * 160 + random.Between(0, 400)));
}
