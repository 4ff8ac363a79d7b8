import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { AppHost } from "#rollout/host/appHost.ts";

const LOOK_MILLISECONDS = { exit: 5, port: 20 };
/** Of the kernel's start times. */
const TICK_MILLISECONDS = 10;

/**
 * What the JVM of a host needs in a roll, in milliseconds: to stop, and from its start to its first UP. `seen` is as one
 * sees it who only watches: from when the kernel started the process, without the time for which the roll asked too late
 * whether it is up, and until its exit, not until the roll hears of it. `waited` is how long the roll waited for both.
 */
export class WatchedJvm {
  readonly host: AppHost;
  seen = 0;
  waited = 0;
  #pid: number | undefined;
  #call = 0;
  #started: number | undefined;
  #open: number | undefined;
  /** Those that are not answered yet, or well: how long each came after the port was open. */
  readonly #questions = new Set<{ readonly late: number }>();

  constructor(host: AppHost) {
    const overridden: Partial<AppHost> = {
      stop: (graceSeconds) => this.#stop(host, graceSeconds),
      start: (launch, assertHeld) => this.#start(host, () => host.start(launch, assertHeld)),
      ...(host.startInOneTrip && {
        startInOneTrip: (revision) => this.#start(host, async () => host.startInOneTrip?.(revision)),
      }),
      probe: (signal) => this.#probe(host, signal),
    };
    this.host = new Proxy(host, {
      get: (target, key) => {
        const value = Reflect.get(overridden, key) ?? Reflect.get(target, key, target);
        return typeof value === "function" && !(key in overridden) ? value.bind(target) : value;
      },
    });
  }

  reset(): void {
    this.seen = 0;
    this.waited = 0;
  }

  async #stop(host: AppHost, graceSeconds: number) {
    const began = performance.now();
    const exited = this.#exit(this.#pid);
    const outcome = await host.stop(graceSeconds);
    this.waited += performance.now() - began;
    this.seen += (await exited) - began;
    this.#pid = undefined;
    return outcome;
  }

  /** `start` may find that the host is started in another way, which then comes next. */
  async #start<Begun>(host: AppHost, start: () => Promise<Begun>): Promise<Begun> {
    this.#call = performance.now();
    const begun = await start();
    this.#pid = (await host.runningApp())?.pid;
    const uptime = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 1000;
    const [, , ticks] = this.#pid === undefined ? [] : statOf(this.#pid);
    this.#started = ticks === undefined ? this.#call : performance.now() - uptime + ticks * TICK_MILLISECONDS;
    this.#open = undefined;
    this.#questions.clear();
    void this.#opens(host, this.#started);
    return begun;
  }

  async #probe(host: AppHost, signal: AbortSignal) {
    const asked = performance.now();
    const wasOpen = this.#open;
    const question = { late: wasOpen === undefined ? 0 : asked - wasOpen };
    this.#questions.add(question);
    const report = await host.probe(signal);
    const started = this.#started;
    if (!report.up) this.#questions.delete(question);
    if (started === undefined) return report;
    const answered = performance.now();
    if (report.up) {
      // The first question since it listens came so late; both answers may be there at once, and in either order.
      const late = Math.min(...[...this.#questions].map((each) => each.late));
      this.waited += answered - this.#call;
      this.seen += answered - late - started;
      this.#started = undefined;
    } else if (wasOpen !== undefined) {
      // It has answered before, so it was not the question that came late.
      this.#open = asked;
    }
    return report;
  }

  /** Records when its port is open. */
  async #opens({ address, port }: AppHost, started: number): Promise<void> {
    while (this.#started === started && this.#open === undefined) {
      const socket = connect(port, address);
      const isOpen = await new Promise((resolve) => {
        socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
      });
      socket.destroy();
      if (isOpen) this.#open = performance.now();
      else await sleep(LOOK_MILLISECONDS.port);
    }
  }

  /** When the process has ended. */
  async #exit(pid: number | undefined): Promise<number> {
    while (pid !== undefined) {
      const [state, threads] = statOf(pid);
      if (state === undefined || state === "X" || (state === "Z" && threads === 1)) break;
      await sleep(LOOK_MILLISECONDS.exit);
    }
    return performance.now();
  }
}

/** The state, the number of threads and the start time of a process, as in proc(5). */
function statOf(pid: number): [state?: string, threads?: number, began?: number] {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return [fields[0] ?? "", Number(fields[17]), Number(fields[19])];
  } catch {
    return [];
  }
}
