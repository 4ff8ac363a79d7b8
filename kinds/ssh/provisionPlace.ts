import { Readable } from "node:stream";
import { messageOf } from "#rollout/common/errors.ts";
import { CommandFailed, type Machine } from "#rollout/machine/machine.ts";
import {
  type ProvisionAction,
  type ProvisionOptions,
  provisionCommand,
  provisionHost,
  provisionNginx,
} from "./provision.ts";
import type { SshHostDescriptor, SshProxyDescriptor } from "./sshDescriptors.ts";

/** Packages may have to be downloaded. */
const INSTALL_SECONDS = 1200;

/** An app host, which has a name, or nginx. */
export type Place = SshHostDescriptor | SshProxyDescriptor;

/** What a server is made ready for, and what has to be there. */
export interface ToProvision extends Omit<ProvisionOptions, "deployer"> {
  readonly place: Place;
}

/** What makes the server of a place ready for the account that rolls. */
export function provisionScript({ place, ...options }: ToProvision, deployer: string): string {
  return "name" in place
    ? provisionHost(place, { ...options, deployer })
    : provisionNginx(place, { ...options, deployer });
}

/** Runs such a script, on a machine that is logged in to as somebody who may do that; gives what it prints. */
export async function runProvision(
  machine: Pick<Machine, "run">,
  action: ProvisionAction,
  { supervisor }: Place,
  script: string,
): Promise<string> {
  const input = Readable.from([script]);
  return machine.run(provisionCommand(action, supervisor), [], { input, deadlineSeconds: INSTALL_SECONDS });
}

/** What a place is called in messages. */
export function nameOf(place: Place): string {
  return "name" in place ? place.name : "nginx";
}

/** What went wrong on the server of a place, as one line that names both. */
export function explain(place: Place, error: unknown): string {
  // A command says nothing of the server that it ran on.
  const server = error instanceof CommandFailed ? `${place.server}: ` : "";
  return `${nameOf(place)}: ${server}${messageOf(error)}`;
}
