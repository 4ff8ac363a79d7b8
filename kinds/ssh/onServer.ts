import type { SshPlace } from "./sshArguments.ts";
import { SshMachine } from "./sshMachine.ts";

/** Opens a connection to a server, does some work and closes it. */
export async function onServer<T>(place: SshPlace, work: (machine: SshMachine) => Promise<T>): Promise<T> {
  const machine = new SshMachine(place);
  try {
    return await work(machine);
  } finally {
    await machine.close();
  }
}
