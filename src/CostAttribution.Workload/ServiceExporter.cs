using CostAttribution.Workload.Otlp;
using CostAttribution.Workload.Product;

namespace CostAttribution.Workload;

/// <summary>The batch exporter of one process: keeps ended spans in order and writes them grouped by instrumentation.</summary>
internal sealed class ServiceExporter(ServiceProfile service)
{
    private readonly Queue<PendingSpan> _ended = new();
    private readonly List<PendingSpan> _batch = [];

    public void Add(PendingSpan span) => _ended.Enqueue(span);

    /// <summary>Writes the next batch as one request; false when nothing is left.</summary>
    public bool TryTake(int spansMax, OtlpTraceWriter writer, out int spans)
    {
        _batch.Clear();
        while (_batch.Count < spansMax && _ended.TryDequeue(out var span)) _batch.Add(span);
        spans = _batch.Count;
        if (spans == 0) return false;

        writer.Clear();
        writer.BeginResource();
        writer.Attribute("service.name", service.Name);
        writer.Attribute("service.namespace", "roastery");
        writer.Attribute("service.version", "2026.11.3");
        writer.Attribute("telemetry.sdk.language", service.Language);
        writer.Attribute("telemetry.sdk.name", "opentelemetry");
        writer.Attribute("deployment.environment.name", service.Environment);
        writer.Attribute("team", service.Team);
        if (service.ResourceCustomer.Length > 0) writer.Attribute("customer.id", service.ResourceCustomer);
        foreach (var scope in _batch.GroupBy(pending => pending.Span.Scope))
        {
            writer.BeginScope(scope.Key.Name, scope.Key.Version);
            foreach (var pending in scope) pending.Span.WriteTo(writer, pending.TraceId, pending.OriginUnixNanos);
            writer.EndScope(scope.Key.SchemaUrl);
        }
        writer.EndResource();
        return true;
    }
}
