namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>Workflow, task, agent and tool spans of the Traceloop SDK.</summary>
internal static class TraceloopDecorator
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "traceloop_decorator",
        Rank = 120,
        Recognises = static span => span.Has(SpanTraits.TraceloopKind) && !span.Has(SpanTraits.GenAiUsage),
    };
}
