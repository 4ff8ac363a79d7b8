import { placeKey, type SshPlace } from "./sshArguments.ts";
import { SshMachine } from "./sshMachine.ts";

/** The servers of a fleet, with one connection each, no matter how many hosts they have. */
export class SshMachines {
  readonly #machines = new Map<string, SshMachine>();

  of(place: SshPlace): SshMachine {
    const key = placeKey(place);
    const machine = this.#machines.get(key) ?? new SshMachine(place);
    this.#machines.set(key, machine);
    return machine;
  }

  /** Checked before a script runs again after a broken connection. */
  fence(assertHeld: () => Promise<void>): void {
    for (const machine of this.#machines.values()) machine.fence(assertHeld);
  }

  /** Called with a one-line message whenever a connection broke and was reopened. */
  onReconnect(tell: (message: string) => void): void {
    for (const machine of this.#machines.values()) machine.onReconnect(tell);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#machines.values()].map((machine) => machine.close()));
  }
}
