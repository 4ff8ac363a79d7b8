import type { Machine } from "../machine/machine.ts";
import {
  journalCommand,
  preflightUnit,
  readJournal,
  systemctl,
  systemctlCommand,
  wordsOf,
} from "../machine/systemd.ts";
import { type NginxRunner, RELOAD_OPTIONS } from "./nginxRunner.ts";
import { nginxScript } from "./nginxScripts.ts";

const BEYOND_GRACE_SECONDS = 20;

/** A separate unit tests configurations under nginx's account, because root must not read what the deployer wrote. */
export const TEST_LOG = "logs/test.log";

/** The unit that tests a configuration for this unit. */
export function testUnit(unit: string): string {
  return `${unit}-test`;
}

const IS_RUNNING = nginxScript("unit-runs");
const RELOAD = nginxScript(
  "../../machine/scripts/with-rights",
  "find-master",
  "lock-nginx",
  "lock-shared",
  "reload-unit",
);
const TEST = nginxScript("../../machine/scripts/with-rights", "run-test-unit", "reason-in", "say-why");

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
    const start = wordsOf(systemctlCommand("start", testUnit(this.#unit)));
    await this.#machine.run(TEST, [`${this.#directory}/${TEST_LOG}`, ...start]);
  }

  /** Stops it first, because systemd may be about to restart it with the configuration that failed. */
  async start(): Promise<void> {
    await systemctl(this.#machine, "stop", this.#unit);
    await systemctl(this.#machine, "start", this.#unit);
  }

  async reload(): Promise<void> {
    const command = wordsOf(systemctlCommand("reload", this.#unit));
    await this.#machine.run(RELOAD, [this.#directory, ...command], RELOAD_OPTIONS);
  }

  async quit(graceSeconds: number): Promise<void> {
    await systemctl(this.#machine, "stop", this.#unit, {
      deadlineSeconds: graceSeconds + BEYOND_GRACE_SECONDS,
    });
  }

  /** A timer does that, which is set up with the unit. */
  async keepLog(): Promise<void> {}

  async logTail(lines: number): Promise<string[]> {
    return readJournal(this.#machine, this.#unit, lines);
  }
}
