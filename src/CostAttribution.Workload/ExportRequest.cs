namespace CostAttribution.Workload;

/// <summary>One OTLP export as one process would send it.</summary>
/// <param name="Body">An <c>ExportTraceServiceRequest</c> in protobuf.</param>
/// <param name="Spans">Spans in it, duplicates included.</param>
/// <param name="DueAfter">When to send it, from the start of the workload; requests come in this order.</param>
/// <param name="IsDuplicate">The same bytes were sent before.</param>
public sealed record ExportRequest(byte[] Body, int Spans, TimeSpan DueAfter, bool IsDuplicate);
