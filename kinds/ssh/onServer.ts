import type { SshPlace } from "./sshArguments.ts";
import { SshMachine } from "./sshMachine.ts";

/** Works on a server over a connection that is opened and closed for it. */
export async function onServer<T>(place: SshPlace, work: (machine: SshMachine) => Promise<T>): Promise<T> {
  const machine = new SshMachine(place);
  try {
    return await work(machine);
  } finally {
    await machine.close();
  }
}
