import { closing } from "#rollout/common/closing.ts";
import type { SshPlace } from "./sshArguments.ts";
import { SshMachine } from "./sshMachine.ts";

/** Does some work over a connection to a server that is made for it. */
export function onServer<T>(place: SshPlace, work: (machine: SshMachine) => Promise<T>): Promise<T> {
  return closing(new SshMachine(place), work);
}
