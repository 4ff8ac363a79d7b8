import { join } from "node:path";
import type { SshHostDescriptor, SshProxyDescriptor } from "#rollout/descriptors.ts";
import type { Jar } from "#rollout/jar.ts";
import { releaseId } from "#rollout/release.ts";
import { formatReport, type Phase } from "#rollout/reporter.ts";
import { openFleet } from "#rollout/resources/openFleet.ts";
import * as sshNginx from "#rollout/resources/sshNginx.ts";
import { roll } from "#rollout/roll.ts";
import type { Launch } from "#rollout/rollRequest.ts";
import { freePort } from "../freePort.ts";
import { type SshServer, SshServers } from "./sshServers.ts";

const HEALTH = {
  path: "/actuator/health",
  passes: 2,
  intervalMilliseconds: 50,
  timeoutMilliseconds: 1000,
  deadlineSeconds: 30,
};
const POLICY = {
  health: HEALTH,
  timing: {
    settleSeconds: 5,
    graceSeconds: 5,
    soakSeconds: 0,
    rollDeadlineSeconds: 120,
    leaseWaitSeconds: 0,
    slowestRequestSeconds: 1,
    shutdownPhaseSeconds: 1,
  },
  keepReleases: 3,
  onFailure: "rollback",
} as const;

/** What a roll printed, and what it failed with. */
export interface SshRoll {
  readonly lines: readonly string[];
  readonly failure: string | undefined;
  readonly seconds: number;
}

/** App hosts on servers of their own behind an nginx on another one, all reached over SSH, without systemd. */
export class SshFleet {
  readonly servers: SshServers;
  readonly machines: readonly SshServer[];
  readonly web: SshServer;
  readonly hosts: readonly SshHostDescriptor[];
  readonly proxy: SshProxyDescriptor;
  readonly launch: Launch;

  private constructor(
    servers: SshServers,
    machines: readonly SshServer[],
    web: SshServer,
    hosts: readonly SshHostDescriptor[],
    proxy: SshProxyDescriptor,
    launch: Launch,
  ) {
    this.servers = servers;
    this.machines = machines;
    this.web = web;
    this.hosts = hosts;
    this.proxy = proxy;
    this.launch = launch;
  }

  static async create(size: number, launch: Launch): Promise<SshFleet> {
    const servers = await SshServers.create();
    const machines: SshServer[] = [];
    for (let number = 1; number <= size; number++) machines.push(await servers.add(`server-${number}`));
    return SshFleet.on(servers, machines, await servers.add("server-web"), launch, "stack");
  }

  /** Another stack on servers that are there; its nginx serves, no host has a release. */
  static async on(
    servers: SshServers,
    machines: readonly SshServer[],
    web: SshServer,
    launch: Launch,
    stack: string,
  ): Promise<SshFleet> {
    const at = (server: SshServer, name: string) => ({
      server: server.name,
      sshConfig: servers.config,
      directory: join(server.directory, stack, name),
      supervisor: "process" as const,
      unit: `${stack}-${name}`,
      address: server.address,
    });
    const hosts: SshHostDescriptor[] = [];
    for (const [index, server] of machines.entries()) {
      const name = `app-${index + 1}`;
      hosts.push({ kind: "ssh", name, ...at(server, name), port: await freePort(server.address) });
    }
    const proxy = { kind: "ssh" as const, ...at(web, "nginx"), port: await freePort(web.address) };
    const fleet = new SshFleet(servers, machines, web, hosts, proxy, launch);
    await fleet.serveNginx();
    return fleet;
  }

  get url(): string {
    return `http://${this.proxy.address}:${this.proxy.port}`;
  }

  /** Does what the nginx resource does. */
  async serveNginx(settings: object = {}): Promise<void> {
    const { inputs, failures } = await sshNginx.check({
      ...this.proxy,
      executable: "nginx",
      flavour: "stock",
      hosts: this.hosts.map(({ name, address, port }) => ({ name, address, port })),
      healthPath: HEALTH.path,
      slowestRequestSeconds: 1,
      settleSeconds: 5,
      leaseWaitSeconds: 0,
      check: {
        path: HEALTH.path,
        intervalMilliseconds: 1000,
        rise: 2,
        fall: 3,
        timeoutMilliseconds: 1000,
        expect: ["2xx", "3xx"],
      },
      statusAllow: [],
      ...settings,
    });
    if (!inputs) throw new Error(JSON.stringify(failures));
    await sshNginx.serve(inputs);
  }

  /** `onPhase` is called with each thing that happens, in its turn. */
  async roll(jar: Jar, onPhase: (phase: Phase, host?: string) => void = () => {}): Promise<SshRoll> {
    const { hosts, proxy, launch } = this;
    const began = performance.now();
    const lines: string[] = [];
    const fleet = await openFleet({ hosts: [...hosts], proxy, launch, environment: {}, health: HEALTH });
    const policy = { ...POLICY, minimumHealthy: hosts.length - 1 };
    const done = (failure?: string) => ({ lines, failure, seconds: (performance.now() - began) / 1000 });
    try {
      await roll(fleet, { release: releaseId(jar), jar }, policy, {
        owner: "a test",
        reporter: (report) => {
          lines.push(formatReport(report));
          onPhase(report.phase, report.host);
        },
        signal: new AbortController().signal,
        leaseTiming: { heartbeatMilliseconds: 500, expiryMilliseconds: 8_000, waitMilliseconds: 0 },
      });
      return done();
    } catch (error) {
      return done(error instanceof Error ? error.message : String(error));
    } finally {
      await fleet.close();
    }
  }

  /** The release that each host runs, by asking the hosts. */
  async releases(): Promise<Record<string, string>> {
    const { hosts, proxy, launch } = this;
    const fleet = await openFleet({ hosts: [...hosts], proxy, launch, environment: {}, health: HEALTH });
    try {
      const running = await Promise.all(fleet.hosts.map((host) => host.runningApp()));
      return Object.fromEntries(hosts.map(({ name }, index) => [name, running[index]?.release ?? "nothing"]));
    } finally {
      await fleet.close();
    }
  }
}
