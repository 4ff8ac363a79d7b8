import type { Machine } from "../machine/machine.ts";
import { nginxScript } from "./nginxScripts.ts";

/** What starts, reloads and ends the nginx of a folder: a process of ours, systemd, a container. */
export interface NginxRunner {
  /** Throws one line when nginx could not be started here; changes nothing. */
  preflight(): Promise<void>;
  /** Whether there is a master that has bound its ports: one that is started again and again never gets that far. */
  isRunning(): Promise<boolean>;
  /** Has nginx test a file in its folder, as the account that will serve it; throws `CommandFailed` with its own words. */
  test(file: string): Promise<void>;
  start(): Promise<void>;
  reload(): Promise<void>;
  /** Ends it after its requests in flight, and whatever would start it again. */
  quit(graceSeconds: number): Promise<void>;
  logTail(lines: number): Promise<string[]>;
}

const BEYOND_GRACE_SECONDS = 20;
const TEST = nginxScript("system-path", "test-configuration", "say-why");
const IS_RUNNING = `${nginxScript("find-master")}\nfind_master "$1"`;
const START = nginxScript("system-path", "find-master", "start-daemon", "say-why");
const RELOAD = nginxScript("find-master", "reload-daemon");
const QUIT = nginxScript("find-master", "quit-daemon");

/** A daemon of the deployer's own account: a reboot ends it. */
export class ProcessNginx implements NginxRunner {
  readonly #machine: Pick<Machine, "run">;
  readonly #directory: string;
  readonly #executable: string;

  constructor(machine: Pick<Machine, "run">, directory: string, executable: string) {
    this.#machine = machine;
    this.#directory = directory;
    this.#executable = executable;
  }

  async preflight(): Promise<void> {}

  async isRunning(): Promise<boolean> {
    return (await this.#machine.run(IS_RUNNING, [this.#directory])) !== "";
  }

  async test(file: string): Promise<void> {
    await testNginx(this.#machine, this.#executable, this.#directory, file);
  }

  async start(): Promise<void> {
    await this.#machine.run(START, [this.#directory, this.#executable]);
  }

  async reload(): Promise<void> {
    await this.#machine.run(RELOAD, [this.#directory]);
  }

  async quit(graceSeconds: number): Promise<void> {
    const deadlineSeconds = graceSeconds + BEYOND_GRACE_SECONDS;
    await this.#machine.run(QUIT, [this.#directory, String(graceSeconds)], { deadlineSeconds });
  }

  async logTail(lines: number): Promise<string[]> {
    const script = 'tail -n "$2" "$1/logs/error.log"';
    return (await this.#machine.run(script, [this.#directory, String(lines)])).trimEnd().split("\n");
  }
}

/** Runs `nginx -t` on a file under a prefix; throws `CommandFailed` with nginx's own words when it is refused. */
export async function testNginx(
  machine: Pick<Machine, "run">,
  executable: string,
  directory: string,
  file: string,
): Promise<void> {
  await machine.run(TEST, [directory, executable, file]);
}
