import { printable } from "../common/plainLine.ts";

/** The phases of one host in order, and those of the fleet around them. */
export type Phase =
  | "preflight"
  | "stage"
  | "wait"
  | "batch"
  | "order"
  | "drain"
  | "settle"
  | "stop"
  | "switch"
  | "start"
  | "health"
  | "upstream"
  | "warm-up"
  | "record"
  | "hook"
  | "admit"
  | "soak"
  | "restore"
  | "rollback"
  | "reconnect"
  | "nginx"
  | "warning"
  | "report"
  | "done";

/** One event; `host` is absent if it concerns the fleet. */
export interface Report {
  readonly host?: string;
  readonly phase: Phase;
  readonly message: string;
  /** Since the roll began. */
  readonly elapsedSeconds: number;
  /** How long it took, if this is the end of a phase. */
  readonly milliseconds?: number;
}

/** Receives events as they happen. */
export type Reporter = (report: Report) => void;

/** One line per report: `[  3.2 s] app-1  start    market 1.1.0`. */
export function formatReport({ host, phase, message, elapsedSeconds }: Report): string {
  const plain = printable(message);
  return `[${elapsedSeconds.toFixed(1).padStart(5)} s] ${(host ?? "fleet").padEnd(8)} ${phase.padEnd(9)} ${plain}`;
}
