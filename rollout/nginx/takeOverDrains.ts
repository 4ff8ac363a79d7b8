import { RollgateError } from "../common/errors.ts";
import { slotsOf, type TwoSlots } from "../host/slots.ts";
import type { NginxAccess } from "./nginxAccess.ts";
import { NginxProxy } from "./nginxProxy.ts";

const ANSWER_MILLISECONDS = 5_000;

/** What another nginx of the fleet drains; `undefined` if none of them answers. */
export async function drainsOfPeers(
  peers: readonly ConstructorParameters<typeof NginxProxy>[0][],
): Promise<ReadonlySet<string> | undefined> {
  for (const peer of peers) {
    try {
      return await new NginxProxy(peer).drained(AbortSignal.timeout(ANSWER_MILLISECONDS));
    } catch (error) {
      if (!(error instanceof RollgateError)) throw error;
    }
  }
  return undefined;
}

/** Gives an nginx the drains of another one. */
export async function takeOverDrains(
  access: Pick<NginxAccess, "isFlagged" | "raiseFlag" | "lowerFlag">,
  hosts: readonly TwoSlots[],
  drained: ReadonlySet<string>,
): Promise<void> {
  for (const { name } of hosts.flatMap(slotsOf)) {
    const isFlagged = await access.isFlagged(name);
    if (drained.has(name) && !isFlagged) await access.raiseFlag(name);
    if (!drained.has(name) && isFlagged) await access.lowerFlag(name);
  }
}
