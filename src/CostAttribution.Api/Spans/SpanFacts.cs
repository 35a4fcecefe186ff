using System.Globalization;
using CostAttribution.Api.Reading;

namespace CostAttribution.Api.Spans;

/// <summary>What is known about one span besides money: one row of the view <c>spans</c>.</summary>
internal sealed record SpanFacts
{
    public required string TraceId { get; init; }
    public required string SpanId { get; init; }
    public required string ParentSpanId { get; init; }
    public required string Name { get; init; }
    public required string Service { get; init; }
    public required string Scope { get; init; }
    public required DateTimeOffset StartTime { get; init; }
    public required DateTimeOffset EndTime { get; init; }
    public required string Role { get; init; }
    public required string Ownership { get; init; }

    /// <summary>Span id of the owner of the call this span repeats; empty when none.</summary>
    public required string SupersededBy { get; init; }
    public required string Dialect { get; init; }
    public required IReadOnlyList<string> Flags { get; init; }
    public required bool Settled { get; init; }

    /// <summary>Its customer and feature, inherited or its own.</summary>
    public required string Customer { get; init; }
    public required string Feature { get; init; }

    /// <summary>Usage it reported although it is not billed, by unit.</summary>
    public required IReadOnlyDictionary<string, long> Reported { get; init; }

    /// <summary>On a container: what it reported beyond the calls billed below it, by unit.</summary>
    public required IReadOnlyDictionary<string, long> Excess { get; init; }

    public static string Sql(string condition, int limit) => string.Create(CultureInfo.InvariantCulture, $"""
        SELECT trace_id, span_id, parent_span_id, name, service, scope,
            toUnixTimestamp64Micro(toDateTime64(start_time, 6)) AS start_micros,
                toUnixTimestamp64Micro(toDateTime64(end_time, 6)) AS end_micros,
            toString(role) AS role_name, toString(ownership) AS ownership_name, superseded_by, dialect, flags, settled,
            customer_id, feature_id, reported, excess
        FROM spans
        WHERE {condition}
        ORDER BY trace_id, start_micros, span_id
        LIMIT {limit}
        """);

    public static SpanFacts Read(StoreRow row) => new()
    {
        TraceId = row.Text("trace_id"),
        SpanId = row.Text("span_id"),
        ParentSpanId = row.Text("parent_span_id"),
        Name = row.Text("name"),
        Service = row.Text("service"),
        Scope = row.Text("scope"),
        StartTime = row.Micros("start_micros"),
        EndTime = row.Micros("end_micros"),
        Role = row.Text("role_name"),
        Ownership = row.Text("ownership_name"),
        SupersededBy = row.Text("superseded_by"),
        Dialect = row.Text("dialect"),
        Flags = row.Texts("flags"),
        Settled = row.Flag("settled"),
        Customer = row.Text("customer_id"),
        Feature = row.Text("feature_id"),
        Reported = row.CountMap("reported"),
        Excess = row.CountMap("excess"),
    };
}

/// <summary>Points to another span.</summary>
/// <param name="TraceId">Its trace.</param>
/// <param name="SpanId">Its id.</param>
/// <param name="Explain">Address of its explanation.</param>
public sealed record SpanLink(string TraceId, string SpanId, string Explain)
{
    internal static SpanLink To(string traceId, string spanId) =>
        new(traceId, spanId, $"/api/v1/spans/{traceId}/{spanId}/explain");
}
