using System.ComponentModel.DataAnnotations;
using CostAttribution.Domain.Tracing;
using CostAttribution.Otlp;

namespace CostAttribution.Ingest.Intake;

/// <summary>The OTLP ports and the limits of one request and of all requests together.</summary>
public sealed class IntakeOptions : IValidatableObject
{
    public const string Section = "Otlp";

    /// <summary>Port of OTLP/gRPC; 0 takes any free one.</summary>
    [Range(0, 65535)]
    public int GrpcPort { get; set; } = 4317;

    /// <summary>Port of OTLP/HTTP; 0 takes any free one.</summary>
    [Range(0, 65535)]
    public int HttpPort { get; set; } = 4318;

    /// <summary>
    /// Largest request in bytes, before and after decompression. The Collector's batches may pass gRPC's usual 4 MiB.
    /// </summary>
    [Range(64 * 1024, 256 * 1024 * 1024)]
    public int RequestBytesMax { get; set; } = 16 * 1024 * 1024;

    /// <summary>Spans in one request; more are refused whole.</summary>
    [Range(1, 10_000_000)]
    public int SpansPerRequestMax { get; set; } = 200_000;

    /// <summary>Attributes of one span that are looked at; a span with more is flagged.</summary>
    [Range(16, 65_535)]
    public int AttributesPerSpanMax { get; set; } = TracingLimits.Default.AttributesPerSpanMax;

    /// <summary>Links kept of one span; a span with more is flagged.</summary>
    [Range(0, 65_535)]
    public int LinksPerSpanMax { get; set; } = TracingLimits.Default.LinksPerSpanMax;

    /// <summary>Bytes kept of one text value; a longer one is cut and its span flagged.</summary>
    [Range(64, 65_535)]
    public int ValueBytesMax { get; set; } = TracingLimits.Default.ValueBytesMax;

    /// <summary>Requests in work at once; beyond it senders are asked to come back.</summary>
    [Range(1, 100_000)]
    public int ConcurrentRequestsMax { get; set; } = 256;

    /// <summary>Bytes of all request bodies in memory at once; beyond it senders are asked to come back.</summary>
    [Range(1 << 20, 1L << 40)]
    public long BodyBytesInFlightMax { get; set; } = 256L << 20;

    /// <summary>
    /// HTTP/2 flow-control window of a connection and of a stream, in bytes; small ones cost a round trip per window.
    /// </summary>
    [Range(64 * 1024, 64 * 1024 * 1024)]
    public int Http2WindowBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>What senders are told to wait when they are pushed back here.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(1);

    public TlsOptions Tls { get; set; } = new();

    public OtlpLimits ToLimits() => new()
    {
        SpansPerRequestMax = SpansPerRequestMax,
        Tracing = TracingLimits.Default with
        {
            AttributesPerSpanMax = AttributesPerSpanMax,
            LinksPerSpanMax = LinksPerSpanMax,
            ValueBytesMax = ValueBytesMax,
        },
    };

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (GrpcPort != 0 && GrpcPort == HttpPort)
            yield return new ValidationResult($"GrpcPort and HttpPort must differ; both are {GrpcPort}",
                [nameof(GrpcPort), nameof(HttpPort)]);
        if (BodyBytesInFlightMax < 2L * RequestBytesMax)
        {
            yield return new ValidationResult(
                $"BodyBytesInFlightMax must be at least twice RequestBytesMax ({2L * RequestBytesMax}); "
                + $"it is {BodyBytesInFlightMax}",
                [nameof(BodyBytesInFlightMax)]);
        }
        if (Tls.CertificatePath.Length > 0 && !File.Exists(Tls.CertificatePath))
            yield return new ValidationResult($"Tls:CertificatePath '{Tls.CertificatePath}' does not exist", [nameof(Tls)]);
        if (Tls.KeyPath.Length > 0 && !File.Exists(Tls.KeyPath))
            yield return new ValidationResult($"Tls:KeyPath '{Tls.KeyPath}' does not exist", [nameof(Tls)]);
        if (Tls.KeyPath.Length > 0 && Tls.CertificatePath.Length == 0)
            yield return new ValidationResult("Tls:KeyPath needs Tls:CertificatePath", [nameof(Tls)]);
    }
}

/// <summary>Certificate of the OTLP ports; without one they speak clear text.</summary>
public sealed class TlsOptions
{
    /// <summary>A PKCS#12 file, or a PEM file together with <see cref="KeyPath"/>. Empty = no TLS.</summary>
    public string CertificatePath { get; set; } = "";

    /// <summary>Private key of a PEM certificate.</summary>
    public string KeyPath { get; set; } = "";

    /// <summary>Password of the PKCS#12 file or of the PEM key.</summary>
    public string CertificatePassword { get; set; } = "";
}
