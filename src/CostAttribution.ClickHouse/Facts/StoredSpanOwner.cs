using CostAttribution.Domain.Identity;

namespace CostAttribution.ClickHouse.Facts;

/// <summary>Whose a stored span is; an empty value is unknown.</summary>
public sealed record StoredSpanOwner(TraceId TraceId, SpanId SpanId, string Customer, string Feature);
