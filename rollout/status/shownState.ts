import { z } from "zod";
import type { Phase } from "../roll/reporter.ts";

/**
 * What nginx's status page shows of the last roll, as JSON on nginx's machine. Everybody there may read it, so it holds
 * names, releases and times, and no message. Times are by the deployer's clock.
 */
export interface ShownState {
  readonly format: 1;
  readonly written: string;
  readonly roll: ShownRoll;
  /** By the name of the slot. */
  readonly slots: Readonly<Record<string, ShownSlot>>;
}

/** What a slot runs, as far as rolls know. */
export interface ShownSlot {
  /** Absent if nothing runs there. */
  readonly release?: string;
  /** Which roll drained it, unless it has been admitted since. */
  readonly drainedBy?: string;
}

/** A roll that is on, or how it ended. */
export interface ShownRoll {
  /** The name of its record. */
  readonly id?: string;
  /** Account, machine and process, as in the lease. */
  readonly owner: string;
  readonly release: string;
  readonly began: string;
  readonly outcome: "rolling" | "succeeded" | "failed";
  /** What the fleet as a whole is in. */
  readonly phase?: Phase;
  readonly hosts: readonly ShownHost[];
  readonly ended?: string;
  readonly durationSeconds?: number;
  /** The host whose gate failed, and the phase that it was in. */
  readonly failedAt?: { readonly host: string; readonly phase: Phase };
  /** What nginx counted, if it did. */
  readonly requests?: number;
  readonly lost?: number;
  /** Where people find its report. */
  readonly report?: string;
}

/** A host of a roll, in the order of the settings. */
export interface ShownHost {
  readonly name: string;
  /** Absent if it ran nothing. */
  readonly from?: string;
  readonly to: string;
  /** Absent until the roll gets there; `done` once it runs the release, or what it went back to. */
  readonly phase?: Phase;
  readonly since?: string;
  /** Whether it goes back, or went back, to what it ran before. */
  readonly isBack?: true;
}

const earlier = z.looseObject({
  format: z.literal(1),
  slots: z.record(
    z.string(),
    z.looseObject({ release: z.string().exactOptional(), drainedBy: z.string().exactOptional() }),
  ),
});

/** What an earlier roll left about slots; nothing if that can't be read. */
export function slotsIn(text: string): Readonly<Record<string, ShownSlot>> {
  try {
    return earlier.parse(JSON.parse(text)).slots;
  } catch {
    return {};
  }
}
