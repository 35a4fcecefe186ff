// Sends one trace as an instrumented application would: node send.mjs grpc|proto|json ENDPOINT batch|simple CUSTOMER.
// Prints one JSON line with the trace's id. Children end, and with "simple" also leave, before their parent.
import { SpanKind, SpanStatusCode, trace, ROOT_CONTEXT } from "@opentelemetry/api";
import { OTLPTraceExporter as GrpcExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtoExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";

const [transport, url, processing, customer] = process.argv.slice(2);
const Exporter = { grpc: GrpcExporter, proto: ProtoExporter, json: JsonExporter }[transport];
const exporter = new Exporter({ url, compression: processing === "batch" ? "gzip" : "none" });
const results = [];
const send = exporter.export.bind(exporter);
exporter.export = (spans, done) =>
  send(spans, (result) => {
    results.push({ code: result.code, error: result.error?.message ?? null });
    done(result);
  });
const Processor = processing === "batch" ? BatchSpanProcessor : SimpleSpanProcessor;
const provider = new NodeTracerProvider({
  resource: resourceFromAttributes({ "service.name": "node-helpdesk" }),
  spanProcessors: [new Processor(exporter)],
});
const tracer = provider.getTracer("helpdesk", "1.0.0");

const root = tracer.startSpan("POST /tickets", {
  kind: SpanKind.SERVER,
  attributes: { "customer.id": customer, "customer.tier": "enterprise", "app.feature": "answer-ticket" },
}, ROOT_CONTEXT);
const inRoot = trace.setSpan(ROOT_CONTEXT, root);

function chat(model, response, usage) {
  const span = tracer.startSpan(`chat ${model}`, {
    kind: SpanKind.CLIENT,
    attributes: {
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "openai",
      "gen_ai.request.model": model,
      "gen_ai.response.model": model,
      "gen_ai.response.id": `${response}-${root.spanContext().traceId}`,
      "gen_ai.usage.input_tokens": usage.input,
      "gen_ai.usage.cache_read.input_tokens": usage.cached,
      "gen_ai.usage.output_tokens": usage.output,
    },
  }, inRoot);
  span.setStatus({ code: SpanStatusCode.OK });
  span.end();
}

chat("gpt-4.1-mini", "first", { input: 1800, cached: 1024, output: 210 });
chat("gpt-4o", "second", { input: 500, cached: 0, output: 100 });
root.end();
await provider.shutdown();
console.log(JSON.stringify({ traceId: root.spanContext().traceId, results }));
