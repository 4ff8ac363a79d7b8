import type { Counted } from "../analysis/soakAnalysis.ts";
import type { RollHooks } from "../hooks/rollHooks.ts";
import type { AppHost, Slot } from "../host/appHost.ts";
import type { ReverseProxy } from "../nginx/reverseProxy.ts";
import type { Analysis } from "../request/analysis.ts";
import type { AnalysisCheck } from "../request/analysisChecks.ts";
import type { Batch } from "../request/batch.ts";
import type { Hooks } from "../request/hooks.ts";
import type { ProbeTraffic } from "../request/probeTraffic.ts";
import type { HealthPolicy, OnFailure, Order, Timing } from "../request/rollRequest.ts";
import type { WarmUp } from "../request/warmUp.ts";
import type { SharedClasses } from "../startupCache/sharedClasses.ts";
import type { FleetView } from "./fleetView.ts";
import type { LookAhead } from "./lookAhead.ts";
import type { Orders } from "./order.ts";
import type { Phase, Reporter } from "./reporter.ts";

/** The limits that a roll keeps to. */
export interface RollPolicy {
  readonly health: HealthPolicy;
  readonly timing: Timing;
  readonly order: Order;
  readonly batch: Batch;
  readonly minimumHealthy: number;
  readonly keepReleases: number;
  readonly onFailure: OnFailure;
  readonly startupCache?: "auto";
  readonly warmUp?: WarmUp;
  readonly analysis?: Analysis;
  readonly analysisChecks?: readonly AnalysisCheck[];
  readonly probeTraffic?: ProbeTraffic;
  readonly hooks?: Hooks;
}

/** Gets the release that each host ran before a roll, by its name; without those that ran none or can't be reached. */
export type FirstLook = (releases: Readonly<Record<string, string>>) => void;

/** Follows a roll for those who watch it. */
export interface Follower {
  /** A phase of a host begins. */
  begins(phase: Phase, host: AppHost): void;
  /** A host runs what it should. */
  isDone(host: AppHost): void;
  /** A host runs again what it ran before. */
  wentBack(host: AppHost): void;
  /** A slot runs a release, or nothing. */
  runs(slot: Slot, release: string | undefined): void;
}

/** Passed to every step of a roll. */
export interface RollContext {
  readonly hosts: readonly AppHost[];
  readonly proxy: ReverseProxy;
  readonly policy: RollPolicy;
  readonly orders: Orders;
  readonly onFirstLook?: FirstLook;
  /** Hears what runs in slots, each time that the hosts are looked at. */
  readonly onRunning?: (slot: Slot, release: string) => void;
  /** Hears each time that hosts have passed their gates and their soak, and none is out of traffic. */
  readonly onFinished?: () => void;
  /** Hears each time that nothing is left to do unless the look that begins finds something. */
  readonly onLastLook?: () => void;
  readonly follower?: Follower;
  /** What is known about the hosts; absent until the first of them is looked at. */
  readonly view?: FleetView;
  /** A look that has begun already. */
  readonly ahead?: LookAhead;
  /** Absent on the way back. */
  readonly hooks?: RollHooks;
  /** Absent if hosts start releases as they are. */
  readonly classes?: SharedClasses;
  /** Until this resolves, nothing changes for clients. */
  readonly counting?: Promise<void>;
  /** Absent if nobody judges by what nginx counts. */
  readonly counted?: Counted;
  /** Asks the roll to stop at the next safe point. */
  readonly signal: AbortSignal;
  /** Throws unless this roller still holds the fleet's lease; called before each step that changes anything. */
  readonly assertHeld: () => Promise<void>;
  /** The same, unless the answer is known from the last second: for what is done between such a step and the next. */
  readonly assertHeldLately: () => Promise<void>;
  /** `milliseconds` is how long the phase took, if this is its end. */
  report(phase: Phase, message: string, host?: AppHost, milliseconds?: number): void;
  /** Hides secrets in what an application wrote. */
  redact(text: string): string;
  /** Records a warning to repeat at the end of the roll. */
  warn(message: string, host?: AppHost): void;
}

/** For the way back: it is up to nobody whether a release that was good before is good enough. */
export function withoutJudges(context: RollContext): RollContext {
  const { counted: _, ...rest } = context;
  const { analysisChecks: __, ...policy } = context.policy;
  return { ...rest, policy };
}

/** Creates the report function of a context, which measures time from now on. */
export function reportTo(reporter: Reporter): RollContext["report"] {
  const began = performance.now();
  return (phase, message, host, milliseconds) =>
    reporter({
      phase,
      message,
      elapsedSeconds: (performance.now() - began) / 1000,
      ...(host && { host: host.name }),
      ...(milliseconds !== undefined && { milliseconds }),
    });
}
