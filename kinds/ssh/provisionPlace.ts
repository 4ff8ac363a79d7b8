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
import { SLOTS, unitOf } from "./units.ts";

/** Installing may include downloading packages. */
const INSTALL_SECONDS = 1200;

/** An app host, which has a name, or nginx. */
export type Place = SshHostDescriptor | SshProxyDescriptor;

/** What a server is set up for, and what it needs. */
export interface ToProvision extends Omit<ProvisionOptions, "deployer"> {
  readonly place: Place;
}

/** The script that sets up a server for the deploying account. */
export function provisionScript({ place, ...options }: ToProvision, deployer: string): string {
  return "name" in place
    ? provisionHost(place, { ...options, deployer })
    : provisionNginx(place, { ...options, deployer });
}

/** Runs such a script on a machine and returns its output; the login account must be allowed to do that. */
export async function runProvision(
  machine: Pick<Machine, "run">,
  action: ProvisionAction,
  { supervisor }: Place,
  script: string,
): Promise<string> {
  // A check takes a moment, so it needs no session of its own.
  const deadline = action !== "check" && { deadlineSeconds: INSTALL_SECONDS };
  const input = Readable.from([script]);
  return machine.run(provisionCommand(action, supervisor), [], { input, ...deadline });
}

/** The name of a place in messages. */
export function nameOf(place: Place): string {
  return "name" in place ? place.name : "nginx";
}

/** The units of a place, for messages about what is left behind. */
export function unitsOf(place: Place): string {
  return "name" in place
    ? `units ${SLOTS.map((slot) => unitOf(place, slot)).join(", ")}`
    : `unit ${place.unit}`;
}

/** Describes a failure on the server of a place in one line that names both. */
export function explain(place: Place, error: unknown): string {
  // The message of a failed command doesn't name the server.
  const server = error instanceof CommandFailed ? `${place.server}: ` : "";
  return `${nameOf(place)}: ${server}${messageOf(error)}`;
}
