namespace CostAttribution.Otlp;

/// <summary>Why a span was left out of an otherwise good request. The names are persisted: append only.</summary>
public enum SpanRejection : byte
{
    /// <summary>The trace id is not 16 bytes long or is all zero.</summary>
    InvalidTraceId = 0,

    /// <summary>The span id is not 8 bytes long or is all zero.</summary>
    InvalidSpanId = 1,

    /// <summary>The parent span id is neither empty nor 8 bytes long.</summary>
    InvalidParentSpanId = 2,
}

/// <summary>Rejected spans of one request by reason.</summary>
public record struct RejectedSpanCounts
{
    private static readonly string[] Names = ["invalid_trace_id", "invalid_span_id", "invalid_parent_span_id"];

    private long invalidTraceId, invalidSpanId, invalidParentSpanId;

    /// <summary>Every reason, in order of its number.</summary>
    public static ReadOnlySpan<SpanRejection> Reasons =>
        [SpanRejection.InvalidTraceId, SpanRejection.InvalidSpanId, SpanRejection.InvalidParentSpanId];

    public readonly long Total => invalidTraceId + invalidSpanId + invalidParentSpanId;

    public readonly long this[SpanRejection reason] => reason switch
    {
        SpanRejection.InvalidTraceId => invalidTraceId,
        SpanRejection.InvalidSpanId => invalidSpanId,
        _ => invalidParentSpanId,
    };

    /// <summary>The name under which a reason is counted and reported.</summary>
    public static string NameOf(SpanRejection reason) => Names[(int)reason];

    /// <summary>One line for the sender, such as "3 spans left out: invalid_span_id 3"; empty when there are none.</summary>
    public readonly string ToMessage()
    {
        if (Total == 0) return "";
        var text = new System.Text.StringBuilder();
        text.Append(Total).Append(Total == 1 ? " span" : " spans").Append(" left out:");
        foreach (var reason in Reasons)
        {
            if (this[reason] > 0) text.Append(' ').Append(NameOf(reason)).Append(' ').Append(this[reason]);
        }
        return text.ToString();
    }

    internal void Count(SpanRejection reason)
    {
        switch (reason)
        {
            case SpanRejection.InvalidTraceId: invalidTraceId++; break;
            case SpanRejection.InvalidSpanId: invalidSpanId++; break;
            default: invalidParentSpanId++; break;
        }
    }
}
