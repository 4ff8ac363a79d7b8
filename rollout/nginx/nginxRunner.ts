import type { Machine } from "../machine/machine.ts";
import { nginxScript } from "./nginxScripts.ts";

/** Starts, reloads and stops the nginx of a folder: as a process, with systemd, or in a container. */
export interface NginxRunner {
  /** Throws a one-line error if nginx can't be started here; changes nothing. */
  preflight(): Promise<void>;
  /** Whether a master process has bound its ports; one that keeps crashing never gets that far. */
  isRunning(): Promise<boolean>;
  /** Lets nginx test a file in its folder, under the account that will serve it; throws `CommandFailed`. */
  test(file: string): Promise<void>;
  start(): Promise<void>;
  reload(): Promise<void>;
  /** Stops nginx once its requests are finished, and keeps it stopped. */
  quit(graceSeconds: number): Promise<void>;
  logTail(lines: number): Promise<string[]>;
  /** Sees to it that a long access log is replaced, unless somebody else does. */
  keepLog(): Promise<void>;
}

/** Another stack may be changing the same nginx. */
export const RELOAD_OPTIONS = { deadlineSeconds: 90 };
const BEYOND_GRACE_SECONDS = 20;
const TEST = nginxScript("system-path", "test-configuration", "reason-in", "say-why");
const IS_RUNNING = `${nginxScript("find-master")}\nfind_master "$1"`;
const START = nginxScript("system-path", "find-master", "start-daemon", "reason-in", "say-why");
const RELOAD = nginxScript("find-master", "lock-nginx", "lock-shared", "reload-daemon");
const QUIT = nginxScript("stop-rotating", "find-master", "quit-daemon");
const KEEP_ROTATING = nginxScript("keep-rotating");
const ROTATE = nginxScript("find-master", "rotate-log", "rotate-loop");
const ROTATE_SECONDS = 60;

/** nginx as a daemon under the deployer's account, which doesn't survive a reboot. */
export class ProcessNginx implements NginxRunner {
  readonly #machine: Pick<Machine, "run">;
  readonly #directory: string;
  readonly #executable: string;
  readonly #rotateSeconds: number;

  constructor(
    machine: Pick<Machine, "run">,
    directory: string,
    executable: string,
    rotateSeconds = ROTATE_SECONDS,
  ) {
    this.#machine = machine;
    this.#directory = directory;
    this.#executable = executable;
    this.#rotateSeconds = rotateSeconds;
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
    await this.#machine.run(RELOAD, [this.#directory], RELOAD_OPTIONS);
  }

  async quit(graceSeconds: number): Promise<void> {
    const deadlineSeconds = graceSeconds + BEYOND_GRACE_SECONDS;
    await this.#machine.run(QUIT, [this.#directory, String(graceSeconds)], { deadlineSeconds });
  }

  /** A process that lives as long as nginx, because neither needs root. */
  async keepLog(): Promise<void> {
    await this.#machine.run(KEEP_ROTATING, [this.#directory, String(this.#rotateSeconds), ROTATE]);
  }

  async logTail(lines: number): Promise<string[]> {
    const script = 'tail -n "$2" "$1/logs/error.log"';
    return (await this.#machine.run(script, [this.#directory, String(lines)])).trimEnd().split("\n");
  }
}

/** Runs `nginx -t` on a file under a prefix; throws `CommandFailed` with nginx's own message. */
export async function testNginx(
  machine: Pick<Machine, "run">,
  executable: string,
  directory: string,
  file: string,
): Promise<void> {
  await machine.run(TEST, [directory, executable, file]);
}
