import type { AppHost } from "./appHost.ts";
import type { Phase, Reporter } from "./reporter.ts";
import type { ReverseProxy } from "./reverseProxy.ts";
import type { HealthPolicy, Timing } from "./rollRequest.ts";

/** The limits that a roll keeps to. */
export interface RollPolicy {
  readonly health: HealthPolicy;
  readonly timing: Timing;
  readonly minimumHealthy: number;
  readonly keepReleases: number;
}

/** What every step of one roll is given. */
export interface RollContext {
  readonly hosts: readonly AppHost[];
  readonly proxy: ReverseProxy;
  readonly policy: RollPolicy;
  /** Asks the roll to stop at the next safe point. */
  readonly signal: AbortSignal;
  report(phase: Phase, message: string, host?: AppHost): void;
}

/** A context whose reports carry the time since now. */
export function createContext(parts: Omit<RollContext, "report">, reporter: Reporter): RollContext {
  const began = performance.now();
  return {
    ...parts,
    report: (phase, message, host) =>
      reporter({
        phase,
        message,
        elapsedSeconds: (performance.now() - began) / 1000,
        ...(host && { host: host.name }),
      }),
  };
}
