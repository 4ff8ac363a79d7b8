import { preflightUnit, readJournal } from "../host/systemdSupervisor.ts";
import type { Machine, RunOptions } from "../machine/machine.ts";
import { journalCommand, systemctlCommand, withRights } from "../machine/rights.ts";
import type { NginxRunner } from "./nginxRunner.ts";
import { nginxScript } from "./nginxScripts.ts";

const BEYOND_GRACE_SECONDS = 20;

/** A separate unit tests configurations under nginx's account, because root must not read what the deployer wrote. */
export const TEST_LOG = "logs/test.log";

/** The unit that tests a configuration for this unit. */
export function testUnit(unit: string): string {
  return `${unit}-test`;
}

const IS_RUNNING = nginxScript("unit-runs");

/** nginx as a systemd unit: systemd restarts it after a crash or a reboot. */
export class SystemdNginx implements NginxRunner {
  readonly #machine: Pick<Machine, "run">;
  readonly #directory: string;
  readonly #unit: string;

  constructor(machine: Pick<Machine, "run">, directory: string, unit: string) {
    this.#machine = machine;
    this.#directory = directory;
    this.#unit = unit;
  }

  async preflight(): Promise<void> {
    await preflightUnit(this.#machine, this.#unit, [
      systemctlCommand("start", this.#unit),
      systemctlCommand("reload", this.#unit),
      systemctlCommand("stop", this.#unit),
      systemctlCommand("start", testUnit(this.#unit)),
      journalCommand(this.#unit),
    ]);
  }

  async isRunning(): Promise<boolean> {
    return (await this.#machine.run(IS_RUNNING, [this.#unit])) !== "";
  }

  /** The test unit reads the proposed file. */
  async test(): Promise<void> {
    const script = `
if ${withRights(systemctlCommand("start", testUnit(this.#unit)))} 2>/dev/null; then exit 0; fi
words=$(cat "$1/${TEST_LOG}")
${nginxScript("say-why")}`;
    await this.#machine.run(script, [this.#directory]);
  }

  /** Stops it first, because systemd may be about to restart it with the configuration that failed. */
  async start(): Promise<void> {
    await this.#systemctl("stop");
    await this.#systemctl("start");
  }

  async reload(): Promise<void> {
    await this.#systemctl("reload");
  }

  async quit(graceSeconds: number): Promise<void> {
    await this.#systemctl("stop", { deadlineSeconds: graceSeconds + BEYOND_GRACE_SECONDS });
  }

  async logTail(lines: number): Promise<string[]> {
    return readJournal(this.#machine, this.#unit, lines);
  }

  async #systemctl(verb: "start" | "stop" | "reload", options: RunOptions = {}): Promise<void> {
    await this.#machine.run(withRights(systemctlCommand(verb, this.#unit)), [], options);
  }
}
