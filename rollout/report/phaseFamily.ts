import type { Phase } from "../roll/reporter.ts";

/** Phases that mean the same for traffic share a colour. */
export type PhaseFamily = "prepare" | "wait" | "leave" | "replace" | "gate" | "serve" | "back";

const FAMILIES: Readonly<Record<Phase, PhaseFamily>> = {
  preflight: "prepare",
  report: "prepare",
  stage: "prepare",
  batch: "prepare",
  order: "prepare",
  reconnect: "prepare",
  nginx: "prepare",
  wait: "wait",
  drain: "leave",
  settle: "leave",
  stop: "replace",
  switch: "replace",
  start: "replace",
  health: "gate",
  upstream: "gate",
  "warm-up": "gate",
  record: "gate",
  hook: "gate",
  admit: "serve",
  soak: "serve",
  done: "serve",
  restore: "back",
  rollback: "back",
  warning: "back",
};

/** The family of a phase. A record of another version may hold phases that this one does not know. */
export function familyOf(phase: Phase): PhaseFamily {
  return Object.hasOwn(FAMILIES, phase) ? FAMILIES[phase] : "prepare";
}
