import type { AppHost } from "../host/appHost.ts";
import type { ReverseProxy } from "../nginx/reverseProxy.ts";
import type { HealthPolicy, OnFailure, Timing } from "../request/rollRequest.ts";
import type { Phase, Reporter } from "./reporter.ts";

/** The limits that a roll keeps to. */
export interface RollPolicy {
  readonly health: HealthPolicy;
  readonly timing: Timing;
  readonly minimumHealthy: number;
  readonly keepReleases: number;
  readonly onFailure: OnFailure;
}

/** What every step of one roll is given. */
export interface RollContext {
  readonly hosts: readonly AppHost[];
  readonly proxy: ReverseProxy;
  readonly policy: RollPolicy;
  /** Asks the roll to stop at the next safe point. */
  readonly signal: AbortSignal;
  /** Throws unless this roller still holds the fleet's lease; asked before each step that changes anything. */
  readonly assertHeld: () => Promise<void>;
  report(phase: Phase, message: string, host?: AppHost): void;
  /** Hides secrets in what an application wrote. */
  redact(text: string): string;
  /** Keeps what the end of the roll should repeat. */
  warn(message: string, host?: AppHost): void;
}

/** The report function of a context: every report carries the time since now. */
export function reportTo(reporter: Reporter): RollContext["report"] {
  const began = performance.now();
  return (phase, message, host) =>
    reporter({
      phase,
      message,
      elapsedSeconds: (performance.now() - began) / 1000,
      ...(host && { host: host.name }),
    });
}
