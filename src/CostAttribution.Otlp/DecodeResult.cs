using System.Globalization;
using CostAttribution.Domain.Tracing;

namespace CostAttribution.Otlp;

/// <summary>Why a whole request was refused.</summary>
public enum DecodeErrorReason : byte
{
    None = 0,

    /// <summary>A field, length or number runs past the end of what holds it.</summary>
    Truncated = 1,

    /// <summary>A variable-length integer has more than ten bytes.</summary>
    BadVarint = 2,

    /// <summary>A field number of zero, or a wire type that does not exist.</summary>
    BadTag = 3,

    /// <summary>Unknown groups or JSON values are nested too deeply.</summary>
    TooDeep = 4,

    /// <summary>A group ends that did not begin, or the other way round.</summary>
    BadGroup = 5,

    /// <summary>Not JSON, or not an object where the schema has one.</summary>
    BadJson = 6,

    /// <summary>A JSON value cannot be read as the type that its field has.</summary>
    BadJsonValue = 7,

    /// <summary>A singular JSON field stands twice in one object.</summary>
    DuplicateJsonField = 8,

    /// <summary>More spans than <see cref="OtlpLimits.SpansPerRequestMax"/>.</summary>
    TooManySpans = 9,
}

/// <summary>A request that cannot be read.</summary>
/// <param name="ByteOffset">Where in the decompressed request reading stopped.</param>
public readonly record struct DecodeError(DecodeErrorReason Reason, long ByteOffset)
{
    /// <summary>Whether the sender has to send less, rather than something else.</summary>
    public bool IsOverLimit => Reason == DecodeErrorReason.TooManySpans;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Describe()} at byte {ByteOffset}");

    private string Describe() => Reason switch
    {
        DecodeErrorReason.Truncated => "truncated field",
        DecodeErrorReason.BadVarint => "varint longer than ten bytes",
        DecodeErrorReason.BadTag => "invalid field tag",
        DecodeErrorReason.TooDeep => "nested too deeply",
        DecodeErrorReason.BadGroup => "unbalanced group",
        DecodeErrorReason.BadJson => "not a JSON trace request",
        DecodeErrorReason.BadJsonValue => "JSON value of the wrong type",
        DecodeErrorReason.DuplicateJsonField => "JSON field given twice",
        DecodeErrorReason.TooManySpans => "too many spans in one request, send smaller batches",
        _ => "unreadable request",
    };
}

/// <summary>
/// What a request held. With an <see cref="Error"/> there is no batch; without one there is, possibly empty, and the caller
/// owns it.
/// </summary>
public readonly record struct DecodeResult(SpanBatch? Batch, RejectedSpanCounts Rejected, DecodeError? Error)
{
    /// <summary>Spans left out of the batch, all reasons together.</summary>
    public long RejectedSpans => Rejected.Total;
}
