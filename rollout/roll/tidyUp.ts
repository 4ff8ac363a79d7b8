import { messageOf, RollgateError } from "../common/errors.ts";
import type { AppHost } from "../host/appHost.ts";
import type { HostSteps } from "./hostSteps.ts";
import type { RollContext } from "./rollContext.ts";
import type { SlotView } from "./slotView.ts";

/** Takes a slot out of traffic and stops what runs in it, while the other slot of its host serves. */
export async function clearSlot(
  { slot, running, drained }: SlotView,
  steps: HostSteps,
  signal: AbortSignal,
): Promise<void> {
  if (!drained) await steps.drain(slot);
  if (!running) return;
  steps.warnOfConnections(await steps.settle(slot, signal));
  await steps.stopForGood(slot);
}

/** Stops what a host no longer needs. It serves already, so what can't be stopped is only worth a warning. */
export async function tidyUp(host: AppHost, context: RollContext, stop: () => Promise<void>): Promise<void> {
  try {
    await stop();
  } catch (error) {
    if (!(error instanceof RollgateError) || error.code === "lease-lost") throw error;
    context.warn(`still has an application in its other slot: ${messageOf(error)}`, host);
  }
}
