import { messageOf } from "../common/errors.ts";
import type { AppHost, Revision, Slot } from "../host/appHost.ts";
import { describeLaunchChange } from "./describeLaunchChange.ts";
import type { Phase } from "./reporter.ts";
import type { RollContext } from "./rollContext.ts";

/** A gate that failed on a host. */
export interface FailedGate {
  readonly host: AppHost;
  readonly slot: Slot;
  readonly phase: Phase;
  readonly revision: Revision;
  /** What the host ran before. */
  readonly earlier: Revision | undefined;
  readonly failure: unknown;
}

/** Which gate failed, on what and why, and what nginx saw, in one clause; `anew` is set if only the options differ. */
export async function describeGate(
  { host, slot, phase, revision, earlier, failure }: FailedGate,
  { proxy }: RollContext,
): Promise<{ readonly what: string; readonly anew: string }> {
  const { release, launch } = revision;
  const view = await proxy.upstream(slot, new AbortController().signal);
  const anew =
    earlier?.release === release ? `, ${await describeLaunchChange(host, earlier.launch, launch)}` : "";
  const what = `${host.name} failed its ${phase} gate on ${release}${anew}: ${messageOf(failure)}; nginx saw ${view.detail}`;
  return { what, anew };
}
