import { readFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { LocalHostDescriptor, LocalProxyDescriptor } from "#kinds/local/localDescriptors.ts";
import type { RollRequest } from "#rollout/request/rollRequest.ts";
import { endProcessesUnder, kill } from "./endProcessesUnder.ts";
import { controlPortFor, freePort } from "./freePort.ts";
import { runningNginx } from "./nginxProcess.ts";
import { listProcesses } from "./processTable.ts";
import { QUICK_START, RealFleet, type RollSettings, type UnderLoad } from "./realFleet.ts";
import type { RollerProcess, RollOutcome } from "./rollerProcess.ts";
import type { LostRequest } from "./traffic.ts";

export interface LocalFleetOptions {
  readonly nginxAddress?: string;
  /** Whether each host has a second slot. */
  readonly second?: boolean;
  /** Whether nginx has a port for HTTPS. */
  readonly secure?: boolean;
  /** The order of every roll; stop-first by default. */
  readonly order?: RollRequest["order"];
}

/** Hosts behind nginx on this machine, in a temporary directory and on free ports. */
export class LocalFleet extends RealFleet<LocalHostDescriptor, LocalProxyDescriptor> {
  readonly #counts = { lost: 0, sent: 0 };
  #lastRoll: RollOutcome | undefined;

  /** nginx is serving; no host has a release yet, unless `prepare` installed one. */
  static async create(
    size: number,
    prepare?: (fleet: LocalFleet) => Promise<void>,
    {
      nginxAddress = "127.0.0.1",
      second = false,
      secure = false,
      order = "stop-first",
    }: LocalFleetOptions = {},
  ): Promise<LocalFleet> {
    const directory = await mkdtemp(join(tmpdir(), "rollgate-faults-"));
    await chmod(directory, 0o755);
    const hosts: LocalHostDescriptor[] = [];
    for (let number = 1; number <= size; number++) {
      const name = `app-${number}`;
      const slot = async () => ({ address: "127.0.0.1", port: await freePort() });
      const place = { ...(await slot()), ...(second && { second: await slot() }) };
      hosts.push({ kind: "local", name, directory: join(directory, "hosts", name), ...place });
    }
    const port = await freePort();
    const place = {
      address: nginxAddress,
      port,
      controlPort: controlPortFor(port),
      ...(secure && { tlsPort: await freePort() }),
    };
    const proxy = { kind: "local", directory: join(directory, "nginx"), ...place } as const;
    const jvmOptions = [...QUICK_START, `-Djava.io.tmpdir=${join(directory, "temp")}`];
    const fleet = new LocalFleet(directory, hosts, proxy, {
      launch: { java: "java", jvmOptions, arguments: [] },
      serving: { executable: "nginx" },
      order,
    });
    await mkdir(join(directory, "temp"));
    await prepare?.(fleet);
    await fleet.serveNginx();
    return fleet;
  }

  override async startRoll(settings: RollSettings, engine?: string): Promise<RollerProcess> {
    const roller = await super.startRoll(settings, engine);
    roller.done.then((outcome) => {
      this.#lastRoll = outcome;
    });
    return roller;
  }

  override async underLoad<T>(
    work: () => Promise<T>,
    requests?: number,
    requestsPerSecond?: number,
  ): Promise<UnderLoad<T>> {
    const outcome = await super.underLoad(work, requests, requestsPerSecond);
    this.#counts.sent += outcome.seen.sent;
    this.#counts.lost += outcome.seen.lost.length;
    return outcome;
  }

  /** What clients saw since the last call, and how long the last roll or its rollback took. */
  takeCounts(): { lost: number; sent: number; recoverySeconds: number } {
    const counts = { ...this.#counts, recoverySeconds: recoverySeconds(this.#lastRoll?.output ?? "") };
    Object.assign(this.#counts, { lost: 0, sent: 0 });
    return counts;
  }

  /**
   * The versions that clients get, by host. Asks until the expected number of hosts have answered, since nginx avoids a
   * failed server for its `fail_timeout` of 10 s.
   */
  async served(hosts = this.hosts.length): Promise<Record<string, string>> {
    const served: Record<string, string> = {};
    const deadline = performance.now() + 12_000;
    for (let request = 0; request < 10 || Object.keys(served).length < hosts; request++) {
      if (performance.now() > deadline) break;
      const { host, version } = Object(await (await fetch(`${this.url}/hello`)).json());
      served[host] = version;
      await sleep(5);
    }
    return served;
  }

  /** Kills a host's JVM with SIGKILL, as the kernel does when memory runs out; returns when, on the traffic's clock. */
  async killJvm(name: string): Promise<number> {
    const { pid } = (await this.running(name)) ?? {};
    if (pid === undefined) throw new Error(`${name} runs nothing`);
    process.kill(pid, "SIGKILL");
    return this.loadSeconds;
  }

  /** What a process was started with. */
  environmentOf(pid: number): Record<string, string> {
    const lines = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").filter(Boolean);
    return Object.fromEntries(
      lines.map((line) => [line.split("=", 1)[0], line.slice(line.indexOf("=") + 1)]),
    );
  }

  flag(name: string): string {
    return join(this.proxy.directory, "drained", name);
  }

  /** Drains a slot by hand, as the documentation says. */
  async drain(name: string): Promise<void> {
    await writeFile(this.flag(name), "");
    for (const sum of await readdir(dirname(this.flag(name)))) {
      if (sum.startsWith(".sum.")) await rm(this.flag(sum));
    }
  }

  /** Starts another nginx in front of the hosts. */
  async addNginx(): Promise<LocalProxyDescriptor> {
    const port = await freePort();
    const directory = `${this.proxy.directory}-${port}`;
    const other = { ...this.proxy, directory, port, controlPort: controlPortFor(port) };
    await this.serveOther(other);
    return other;
  }

  /** Kills nginx and its workers; returns when, on the traffic's clock. */
  async killNginx({ directory } = this.proxy): Promise<number> {
    const master = await runningNginx(directory);
    if (!master) throw new Error("nginx does not run");
    const workers = (await listProcesses()).filter(({ parentPid }) => parentPid === master.pid);
    for (const { pid } of [master, ...workers]) kill(pid);
    const killedAt = this.loadSeconds;
    while (await runningNginx(directory)) await sleep(10);
    return killedAt;
  }

  /** Kills everything that was started in the directory, and removes it. */
  async remove(): Promise<void> {
    await endProcessesUnder(this.directory);
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * The lost requests that a killed JVM does not explain. nginx retries a GET elsewhere, unless its answer had already
 * started; then it closes the connection. It can't retry a POST that the JVM was answering.
 */
export function unexplained(lost: readonly LostRequest[], killedAtSeconds: number): LostRequest[] {
  return lost.filter(({ request, reason, atSeconds }) => {
    const wasUnderWay = atSeconds > killedAtSeconds - 1 && atSeconds < killedAtSeconds + 0.05;
    return !wasUnderWay || !(request.startsWith("POST") || /other side closed|ECONNRESET/.test(reason));
  });
}

function recoverySeconds(output: string): number {
  const times = (phase: RegExp) =>
    [...output.matchAll(/^\[ *([\d.]+) s\] \S+ +(\w+) /gm)]
      .filter(([, , name = ""]) => phase.test(name))
      .map(([, seconds]) => Number(seconds));
  const end = times(/./).at(-1) ?? 0;
  return end - (times(/^restore$/)[0] ?? 0);
}
