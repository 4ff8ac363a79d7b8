import { messageOf } from "../common/errors.ts";
import type { RollRecord } from "../record/rollRecord.ts";
import { addSpans } from "./addSpans.ts";

const ANSWER_MILLISECONDS = 5_000;

/**
 * Sends a roll that is over to an OpenTelemetry collector, by OTLP over HTTP. Returns what went wrong; never throws. The
 * libraries are loaded here, since most stacks have no collector.
 */
export async function sendTrace(
  record: RollRecord,
  collector: string,
  timeoutMillis = ANSWER_MILLISECONDS,
): Promise<string | undefined> {
  try {
    const { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } = await import(
      "@opentelemetry/sdk-trace-base"
    );
    const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-http");
    const { resourceFromAttributes } = await import("@opentelemetry/resources");
    const memory = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({
      resource: resourceFromAttributes({ "service.name": "rollgate" }),
      spanProcessors: [new SimpleSpanProcessor(memory)],
    });
    await addSpans(record, provider.getTracer("rollgate"));
    const exporter = new OTLPTraceExporter({
      url: `${collector.replace(/\/+$/, "")}/v1/traces`,
      timeoutMillis,
    });
    const { error } = await new Promise<{ readonly error?: Error }>((resolve) =>
      exporter.export(memory.getFinishedSpans(), resolve),
    );
    await exporter.shutdown();
    return error && messageOf(error);
  } catch (error) {
    return messageOf(error);
  }
}
