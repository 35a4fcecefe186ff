using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace CostAttribution.EndToEnd.Clients;

/// <summary>The OpenTelemetry .NET SDK with its OTLP exporter, as an application uses it.</summary>
internal static class DotnetSender
{
    private const int FlushMillisMax = 20_000;

    /// <summary>Sends <see cref="HelpdeskTrace"/> and returns its trace id. With simple processing every span is a request.</summary>
    public static string Send(Uri endpoint, OtlpExportProtocol protocol, ExportProcessorType processing, string customer)
    {
        var name = $"helpdesk-{customer}";
        using var source = new ActivitySource(name);
        using var provider = Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(ResourceBuilder.CreateEmpty().AddService("dotnet-helpdesk"))
            .AddSource(name)
            .AddOtlpExporter(options => (options.Endpoint, options.Protocol, options.ExportProcessorType) = (endpoint, protocol, processing))
            .Build();
        using var root = source.StartActivity("POST /tickets", ActivityKind.Server)!;
        root.SetTag("customer.id", customer).SetTag("customer.tier", "enterprise").SetTag("app.feature", "answer-ticket");
        Chat(source, root, HelpdeskTrace.FirstModel, input: 1800, cached: 1024, output: 210);
        Chat(source, root, HelpdeskTrace.SecondModel, input: 500, cached: 0, output: 100);
        root.Stop();
        Assert.True(provider.ForceFlush(FlushMillisMax));
        return root.TraceId.ToHexString();
    }

    private static void Chat(ActivitySource source, Activity root, string model, long input, long cached, long output)
    {
        using var call = source.StartActivity($"chat {model}", ActivityKind.Client, root.Context)!;
        call.SetTag("gen_ai.operation.name", "chat").SetTag("gen_ai.provider.name", "openai")
            .SetTag("gen_ai.request.model", model).SetTag("gen_ai.response.model", model).SetTag("gen_ai.response.id", $"{root.TraceId}-{model}")
            .SetTag("gen_ai.usage.input_tokens", input).SetTag("gen_ai.usage.cache_read.input_tokens", cached).SetTag("gen_ai.usage.output_tokens", output);
    }
}
