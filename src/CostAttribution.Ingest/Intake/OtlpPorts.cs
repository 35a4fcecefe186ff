using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CostAttribution.Otlp;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace CostAttribution.Ingest.Intake;

/// <summary>
/// Puts OTLP on ports of its own. A connection is marked by the listener that took it, so what a port serves depends neither
/// on port numbers nor on the Host header: nothing else answers on the OTLP ports, and OTLP nowhere else.
/// </summary>
public static class OtlpPorts
{
    private sealed record OtlpPort(bool IsGrpc);

    /// <summary>
    /// Opens both ports, the gRPC one first. Throws <see cref="InvalidDataException"/> when the certificate cannot be read.
    /// </summary>
    public static void ListenForOtlp(this KestrelServerOptions kestrel, IPAddress bind, IntakeOptions options)
    {
        kestrel.Limits.Http2.InitialConnectionWindowSize = options.Http2WindowBytes;
        kestrel.Limits.Http2.InitialStreamWindowSize = options.Http2WindowBytes;
        var certificate = LoadCertificate(options.Tls);
        Listen(kestrel, bind, options.GrpcPort, HttpProtocols.Http2, new OtlpPort(IsGrpc: true), certificate);
        // Without TLS there is no negotiation, and Kestrel then speaks HTTP/1.1 alone.
        var protocols = certificate is null ? HttpProtocols.Http1 : HttpProtocols.Http1AndHttp2;
        Listen(kestrel, bind, options.HttpPort, protocols, new OtlpPort(IsGrpc: false), certificate);
    }

    /// <summary>Serves the OTLP ports; must come first. Requests on other ports pass through.</summary>
    public static IApplicationBuilder UseOtlp(this IApplicationBuilder app, TraceIntake intake, OtlpReaderPool readers,
        IntakeOptions options, IntakeMetrics metrics, TimeProvider clock, ILogger logger)
    {
        var requests = new TraceRequests(intake, readers, options, metrics, clock, logger);
        var grpc = new OtlpGrpcEndpoint(requests);
        var http = new OtlpHttpEndpoint(requests);
        return app.Use(next => context =>
        {
            if (context.Features.Get<OtlpPort>() is not { } port) return next(context);
            return port.IsGrpc ? grpc.HandleAsync(context) : http.HandleAsync(context);
        });
    }

    private static void Listen(KestrelServerOptions kestrel, IPAddress bind, int port, HttpProtocols protocols, OtlpPort mark,
        X509Certificate2? certificate)
    {
        kestrel.Listen(bind, port, listen =>
        {
            listen.Protocols = protocols;
            listen.Use(next => connection =>
            {
                connection.Features.Set(mark);
                return next(connection);
            });
            if (certificate is not null) listen.UseHttps(certificate);
        });
    }

    private static X509Certificate2? LoadCertificate(TlsOptions tls)
    {
        if (tls.CertificatePath.Length == 0) return null;
        try
        {
            if (tls.KeyPath.Length == 0)
                return X509CertificateLoader.LoadPkcs12FromFile(tls.CertificatePath, tls.CertificatePassword);
            return tls.CertificatePassword.Length == 0
                ? X509Certificate2.CreateFromPemFile(tls.CertificatePath, tls.KeyPath)
                : X509Certificate2.CreateFromEncryptedPemFile(tls.CertificatePath, tls.CertificatePassword, tls.KeyPath);
        }
        catch (Exception fault) when (fault is CryptographicException or IOException or UnauthorizedAccessException
            or ArgumentException)
        {
            throw new InvalidDataException($"Otlp:Tls:CertificatePath '{tls.CertificatePath}' cannot be used: {fault.Message}",
                fault);
        }
    }
}
