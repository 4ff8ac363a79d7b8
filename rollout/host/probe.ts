import { z } from "zod";
import { isSystemError, messageOf } from "../common/errors.ts";
import { plainLine } from "../common/plainLine.ts";

/** The verdict on one answer of a health endpoint; `detail` is short enough for a message. */
export interface HealthReport {
  readonly up: boolean;
  readonly detail: string;
  /** Whether nothing listens there. */
  readonly isRefused?: boolean;
}

/** A health endpoint's answer. */
export interface HealthAnswer {
  readonly statusCode: number;
  readonly body: string;
}

/** The rest of a longer answer is not read. */
export const MAX_BODY_BYTES = 64 * 1024;

const actuatorHealth = z.looseObject({ status: z.string() });

/**
 * Asks a Spring Boot health endpoint once and judges the answer; never throws. Up means 200 and a JSON body whose
 * `status` is UP. Nginx's check module looks at the status code only, so the body is read here.
 * https://docs.spring.io/spring-boot/reference/actuator/endpoints.html#actuator.endpoints.health
 */
export async function probe(
  ask: (signal: AbortSignal) => Promise<HealthAnswer>,
  timeoutMilliseconds: number,
  signal: AbortSignal,
): Promise<HealthReport> {
  const timeout = AbortSignal.timeout(timeoutMilliseconds);
  try {
    const { statusCode, body } = await ask(AbortSignal.any([signal, timeout]));
    return judge(statusCode, body);
  } catch (error) {
    const detail = describeFailure(error, timeout.aborted, timeoutMilliseconds);
    return { up: false, detail, ...(isSystemError(error, "ECONNREFUSED") && { isRefused: true }) };
  }
}

/** Judges an answer of a health endpoint. */
export function judge(statusCode: number, body: string): HealthReport {
  const status = statusOf(body);
  const detail =
    `${statusCode}${status ? ` ${status}` : ""}${status === "UP" ? "" : ` ${abridge(body)}`}`.trim();
  return { up: statusCode === 200 && status === "UP", detail };
}

function statusOf(body: string): string | undefined {
  try {
    return actuatorHealth.parse(JSON.parse(body)).status;
  } catch {
    return undefined;
  }
}

function abridge(body: string): string {
  const line = plainLine(body.slice(0, MAX_BODY_BYTES).replaceAll(/\s+/g, " ").trim());
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}

function describeFailure(error: unknown, isLate: boolean, timeoutMilliseconds: number): string {
  if (isLate) return `no answer within ${timeoutMilliseconds} ms`;
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  return messageOf(error);
}
