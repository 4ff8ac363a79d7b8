import type { SshPlace } from "./sshArguments.ts";
import { SshMachine } from "./sshMachine.ts";

/** The servers of a fleet, each with one connection however many hosts are on it. */
export class SshMachines {
  readonly #machines = new Map<string, SshMachine>();

  of({ server, sshConfig, user }: SshPlace): SshMachine {
    const key = `${server} ${sshConfig} ${user ?? ""}`;
    const machine = this.#machines.get(key) ?? new SshMachine({ server, sshConfig, user });
    this.#machines.set(key, machine);
    return machine;
  }

  /** Asked before a server is told the same thing again after a broken connection. */
  fence(assertHeld: () => Promise<void>): void {
    for (const machine of this.#machines.values()) machine.fence(assertHeld);
  }

  /** Told in one line of each server whose connection broke and was made again. */
  onReconnect(tell: (message: string) => void): void {
    for (const machine of this.#machines.values()) machine.onReconnect(tell);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#machines.values()].map((machine) => machine.close()));
  }
}
