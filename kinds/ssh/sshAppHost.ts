import { setTimeout as sleep } from "node:timers/promises";
import type { LimitFunction } from "p-limit";
import { errors, type Pool } from "undici";
import { messageOf, RollgateError } from "#rollout/common/errors.ts";
import type { AppHost, HostState, PortOwner, Revision, RunningApp } from "#rollout/host/appHost.ts";
import { HostFiles } from "#rollout/host/hostFiles.ts";
import { launchUnknown, noRelease, portTaken, releaseMissing } from "#rollout/host/hostProblems.ts";
import { readJava } from "#rollout/host/javaProcess.ts";
import { type LaunchSpec, launchFingerprint } from "#rollout/host/launchSpec.ts";
import { type HealthReport, judge } from "#rollout/host/probe.ts";
import { ENVIRONMENT, startFiles } from "#rollout/host/startFiles.ts";
import { type Supervisor, supervisorOf } from "#rollout/host/supervisor.ts";
import { answersAt, parseTcpTable, TCP_LISTEN } from "#rollout/machine/connections.ts";
import { machinePool } from "#rollout/machine/machinePool.ts";
import type { Jar } from "#rollout/release/jar.ts";
import { archiveName } from "#rollout/release/release.ts";
import { retained } from "#rollout/release/retained.ts";
import type { HealthPolicy } from "#rollout/request/rollRequest.ts";
import { preflightHost } from "./preflightHost.ts";
import type { SshHostDescriptor } from "./sshDescriptors.ts";
import { NOT_FORWARDED, type SshMachine } from "./sshMachine.ts";

/** What all hosts of one fleet share. */
export interface SshAppHostOptions extends LaunchSpec {
  readonly health: HealthPolicy;
  /** How many jars go over the network at once. */
  readonly uploads: LimitFunction;
}

const SECOND_LOOK_MILLISECONDS = 100;
const KEPT_MILLISECONDS = 30_000;
/** An answer, if not a good one, or a port that nobody listens on: the server itself was reached. */
const REFUSED = /^\d{3}\b|refused|forwards no connection/i;

/** The sockets of a server, and of which accounts and processes its application is. */
const SOCKETS = `
for pid in $pids; do
  ls -l "/proc/$pid/fd" 2>/dev/null | sed -n 's/.*socket:\\[\\([0-9]*\\)\\]$/inode \\1/p'
  stat -c 'uid %u' "/proc/$pid" 2>/dev/null
done
cat /proc/net/tcp
cat /proc/net/tcp6 2>/dev/null`;

/**
 * An app host on a server: a directory, an address and a port. What runs is read from the server each time, from
 * the command line of the process, which names the release and the way it was started.
 */
export class SshAppHost implements AppHost {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly launch: string;
  readonly logPlace: string;
  readonly #machine: SshMachine;
  readonly #descriptor: SshHostDescriptor;
  readonly #options: SshAppHostOptions;
  readonly #files: HostFiles;
  readonly #supervisor: Supervisor;
  readonly #http: Pool;
  #wasSeen = false;

  constructor(machine: SshMachine, descriptor: SshHostDescriptor, options: SshAppHostOptions) {
    this.name = descriptor.name;
    this.address = descriptor.address;
    this.port = descriptor.port;
    this.logPlace =
      descriptor.supervisor === "systemd"
        ? `sudo journalctl -u ${descriptor.unit} on ${descriptor.server}`
        : `${descriptor.directory}/logs/app.log on ${descriptor.server}`;
    this.#machine = machine;
    this.#descriptor = descriptor;
    this.#options = options;
    this.#files = new HostFiles(machine, descriptor.directory);
    this.#supervisor = supervisorOf(machine, descriptor);
    this.#http = machinePool(machine, this.address, this.port, {
      connections: 2,
      keepAliveTimeout: KEPT_MILLISECONDS,
    });
    this.launch = launchFingerprint(options, this.address, this.port);
  }

  async preflight(signal: AbortSignal): Promise<void> {
    await this.#named("is not ready", async () => {
      await preflightHost(this.#machine, this.#descriptor, this.#options.launch.java);
      await this.#supervisor.preflight();
    });
    const owner = await this.portOwner();
    if (owner.kind === "other") throw portTaken(this, owner.name);
    // Found out now, while what runs still runs: without it no health could be asked for.
    const { detail } = await this.probe(signal);
    if (detail.includes(NOT_FORWARDED))
      throw new RollgateError("not-forwarded", `${this.name} is not ready: ${detail}`);
  }

  async observe(): Promise<HostState> {
    const [running, files] = await Promise.all([
      this.runningApp(),
      this.#named("cannot show its releases", () => this.#files.describe()),
    ]);
    return { ...(running && { running }), ...files };
  }

  /** One that is just becoming another program has no command line for a moment, so what was seen is looked for twice. */
  async runningApp(): Promise<RunningApp | undefined> {
    const found = await this.#named("cannot be seen", async () => {
      const [first] = await this.#look();
      if (first || !this.#wasSeen) return first;
      await sleep(SECOND_LOOK_MILLISECONDS);
      return (await this.#look())[0];
    });
    this.#wasSeen = found !== undefined;
    return found;
  }

  async stage(id: string, jar: Jar | undefined, signal: AbortSignal): Promise<void> {
    if (jar) {
      return this.#named(`cannot take ${id}`, () =>
        this.#options.uploads(() => this.#files.stage(id, jar, signal)),
      );
    }
    if (!(await this.#named(`cannot show ${id}`, () => this.#files.holds(id))))
      throw releaseMissing(this, id);
  }

  async stop(graceSeconds: number): Promise<{ killed: boolean }> {
    return this.#named("cannot be stopped", () => this.#supervisor.stop(graceSeconds));
  }

  async switchTo(id: string): Promise<void> {
    await this.#named(`cannot switch to ${id}`, () => this.#files.switchTo(id));
  }

  async start(launch: string): Promise<void> {
    const [{ current }, owner] = await Promise.all([
      this.#named("cannot be started", () => this.#files.describe()),
      this.portOwner(),
    ]);
    if (current === undefined) throw noRelease(this);
    if (owner.kind === "other") throw portTaken(this, owner.name);
    if (owner.kind === "application") throw portTaken(this, `${owner.release}, which still runs`);
    await this.#named(`cannot start ${current}`, async () => {
      const spec = await this.#specOf(launch);
      const { start, environment } = startFiles(this.#descriptor, current, launch, spec);
      // The way is written down before it is used, so that it can be gone back to.
      await Promise.all([
        this.#files.remember(launch, spec),
        this.#files.write(
          ENVIRONMENT,
          environment,
          this.#descriptor.supervisor === "systemd" ? "027" : "077",
        ),
        this.#files.write("start", start, "022"),
      ]);
      await this.#supervisor.start(
        `${this.#descriptor.directory}/releases/${current}/${archiveName(current)}`,
      );
    });
  }

  async markGood(target: Revision): Promise<void> {
    await this.#named("cannot remember what is good", () => this.#files.markGood(target));
  }

  /** A question that failed because the connection to the server broke says nothing of the application. */
  async probe(signal: AbortSignal): Promise<HealthReport> {
    for (;;) {
      const { opened } = this.#machine;
      const report = await this.#probeOnce(signal);
      if (report.up || REFUSED.test(report.detail) || signal.aborted) return report;
      const isBack = await this.#machine.run("true", [], { signal }).then(
        () => true,
        () => false,
      );
      if (!isBack || this.#machine.opened === opened) return report;
    }
  }

  /** By the process where it can be seen what it holds open, else by its account, which the application has alone. */
  async portOwner(): Promise<PortOwner> {
    return this.#named("cannot show its port", async () => {
      const { lines, printed } = await this.#supervisor.look(SOCKETS);
      const [running] = this.#javasOf(lines);
      const listeners = printed
        .split(/(?=^\s*sl\s)/m)
        .flatMap(parseTcpTable)
        .filter(({ local, state }) => state === TCP_LISTEN && answersAt(local, this.address, this.port));
      const [listener] = listeners;
      if (!listener) return { kind: "nobody" };
      const all = (word: string) =>
        [...printed.matchAll(new RegExp(`^${word} (\\d+)$`, "gm"))].map(([, id]) => id);
      const [inodes, uids] = [all("inode"), all("uid")];
      const isOurs = listeners.some(({ inode, uid }) =>
        inodes.length > 0 ? inodes.includes(inode) : uids.includes(uid),
      );
      if (running && isOurs) return { kind: "application", release: running.release };
      return { kind: "other", name: `a process of the account ${listener.uid}` };
    });
  }

  async logTail(lines: number): Promise<string[]> {
    return this.#supervisor.logTail(lines);
  }

  async prune(keep: number, spared: readonly Revision[]): Promise<void> {
    const { releases, launches } = retained(await this.observe(), this.launch, spared);
    await this.#named("cannot remove old releases", () => this.#files.prune(keep, releases, launches));
  }

  async close(): Promise<void> {
    await this.#http.destroy();
  }

  async #probeOnce(signal: AbortSignal): Promise<HealthReport> {
    const { timeoutMilliseconds } = this.#options.health;
    const timeout = AbortSignal.timeout(timeoutMilliseconds);
    const either = AbortSignal.any([signal, timeout]);
    try {
      return await this.#ask(either).catch((error: unknown) => {
        // The kept connection was one to the process before.
        if (error instanceof errors.SocketError && !either.aborted) return this.#ask(either);
        throw error;
      });
    } catch (error) {
      const detail = timeout.aborted ? `no answer within ${timeoutMilliseconds} ms` : messageOf(error);
      return { up: false, detail };
    }
  }

  async #look(): Promise<RunningApp[]> {
    return this.#javasOf((await this.#supervisor.look()).lines);
  }

  #javasOf(lines: readonly string[]): RunningApp[] {
    return lines.flatMap((line) => readJava(line, this.#descriptor.directory) ?? []);
  }

  async #ask(signal: AbortSignal): Promise<HealthReport> {
    const { statusCode, body } = await this.#http.request({
      method: "GET",
      path: this.#options.health.path,
      signal,
    });
    return judge(statusCode, await body.text());
  }

  async recallLaunch(launch: string): Promise<LaunchSpec | undefined> {
    if (launch !== this.launch) return this.#files.recall(launch);
    return { launch: this.#options.launch, environment: this.#options.environment };
  }

  async #specOf(launch: string): Promise<LaunchSpec> {
    const spec = await this.recallLaunch(launch);
    if (!spec) throw launchUnknown(this);
    return spec;
  }

  async #named<T>(what: string, step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      const code = error instanceof RollgateError ? error.code : "ssh";
      throw new RollgateError(code, `${this.name} ${what}: ${messageOf(error)}`, { cause: error });
    }
  }
}
