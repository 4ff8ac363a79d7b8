import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ssh } from "#kinds/ssh/ssh.ts";
import type { SshHostDescriptor, SshProxyDescriptor } from "#kinds/ssh/sshDescriptors.ts";
import * as nginx from "#provider/nginx.ts";
import { openFleet } from "#provider/openOrchestrator.ts";
import type { Jar } from "#rollout/release/jar.ts";
import { releaseId } from "#rollout/release/release.ts";
import type { Launch } from "#rollout/request/launch.ts";
import type { Timing } from "#rollout/request/rollRequest.ts";
import { formatReport, type Phase } from "#rollout/roll/reporter.ts";
import { roll } from "#rollout/roll/roll.ts";
import { freePort } from "../freePort.ts";
import { request } from "../request.ts";
import { Traffic, type TrafficReport } from "../traffic.ts";

const AFTERMATH_MILLISECONDS = 500;
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

/** A server of a test: `directory` is a folder on it. */
export interface Place {
  /** What the SSH configuration calls it. */
  readonly name: string;
  readonly address: string;
  readonly directory: string;
}

export interface SshFleetOptions {
  /** The SSH configuration that leads to the servers. */
  readonly config: string;
  readonly machines: readonly Place[];
  readonly web: Place;
  readonly launch: Launch;
  readonly supervisor?: "process" | "systemd";
  readonly stack?: string;
}

/** App hosts on servers of their own behind an nginx on another one, all reached over SSH. */
export class SshFleet {
  readonly hosts: readonly SshHostDescriptor[];
  readonly proxy: SshProxyDescriptor;
  readonly launch: Launch;

  private constructor(hosts: readonly SshHostDescriptor[], proxy: SshProxyDescriptor, launch: Launch) {
    this.hosts = hosts;
    this.proxy = proxy;
    this.launch = launch;
  }

  /** Nothing is done on the servers yet. */
  static async declare(options: SshFleetOptions): Promise<SshFleet> {
    const { config, machines, web, launch, supervisor = "process", stack = "stack" } = options;
    const at = ({ name: server, address, directory }: Place, name: string) => ({
      kind: "ssh" as const,
      server,
      sshConfig: config,
      directory: join(directory, stack, name),
      supervisor,
      unit: `rollgate-${stack}-${name}`,
      address,
    });
    // Servers that are processes share the ports of this machine.
    const portAt = ({ address }: Place) => (supervisor === "process" ? freePort(address) : 8080);
    const hosts: SshHostDescriptor[] = [];
    for (const [index, machine] of machines.entries()) {
      const name = `app-${index + 1}`;
      hosts.push({ name, ...at(machine, name), port: await portAt(machine) });
    }
    return new SshFleet(hosts, { ...at(web, "nginx"), port: await portAt(web) }, launch);
  }

  /** Nginx serves, no host has a release. */
  static async create(options: SshFleetOptions): Promise<SshFleet> {
    const fleet = await SshFleet.declare(options);
    await fleet.serveNginx();
    return fleet;
  }

  get url(): string {
    return `http://${this.proxy.address}:${this.proxy.port}`;
  }

  /** The hosts as nginx's settings name them. */
  get members() {
    return this.hosts.map(({ name, address, port }) => ({ name, address, port }));
  }

  /** The same fleet with only these hosts. */
  of(...names: string[]): SshFleet {
    const hosts = this.hosts.filter(({ name }) => names.includes(name));
    return new SshFleet(hosts, this.proxy, this.launch);
  }

  /** The ports of the applications that answer clients, of a fake Java each. */
  async servedPorts(): Promise<string[]> {
    const answers = await Promise.all(Array.from({ length: 12 }, () => request(`${this.url}/`)));
    const ports = answers.map(({ body }) => /--server\.port=(\d+)/.exec(body)?.[1] ?? "none");
    return [...new Set(ports)];
  }

  /** Does what the nginx resource does. */
  async serveNginx(settings: object = {}): Promise<void> {
    await this.serveChecked(await this.checkNginx(settings));
  }

  async serveChecked(inputs: Record<string, unknown>): Promise<void> {
    await nginx.create(inputs);
  }

  /** What the nginx resource is told, as its check leaves it. */
  async checkNginx(settings: object = {}): Promise<Record<string, unknown>> {
    const { inputs, failures } = await nginx.check({
      olds: {},
      news: {
        ...this.proxy,
        executable: "nginx",
        flavour: "stock",
        hosts: this.members,
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
      },
    });
    if (!inputs) throw new Error(JSON.stringify(failures));
    return inputs;
  }

  /** Runs `work` while clients send requests, and a moment longer. */
  async underLoad<T>(work: () => Promise<T>, requestsPerSecond = 80): Promise<T & { seen: TrafficReport }> {
    const traffic = new Traffic(this.url, requestsPerSecond);
    try {
      const result = await work();
      await sleep(AFTERMATH_MILLISECONDS);
      return { ...result, seen: await traffic.stop() };
    } finally {
      await traffic.stop();
    }
  }

  /** `onPhase` is called with each thing that happens, in its turn. */
  async roll(
    jar: Jar,
    onPhase: (phase: Phase, host?: string) => void = () => {},
    timing: Partial<Timing> = {},
    health: Partial<typeof HEALTH> = {},
  ): Promise<SshRoll> {
    const { hosts, proxy, launch } = this;
    const began = performance.now();
    const lines: string[] = [];
    const fleet = await openFleet({ hosts: [...hosts], proxy, launch, environment: {}, health: HEALTH }, ssh);
    const policy = {
      ...POLICY,
      health: { ...HEALTH, ...health },
      timing: { ...POLICY.timing, ...timing },
      minimumHealthy: hosts.length - 1,
    };
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
    const fleet = await openFleet({ hosts: [...hosts], proxy, launch, environment: {}, health: HEALTH }, ssh);
    try {
      const running = await Promise.all(fleet.hosts.map((host) => host.runningApp()));
      return Object.fromEntries(hosts.map(({ name }, index) => [name, running[index]?.release ?? "nothing"]));
    } finally {
      await fleet.close();
    }
  }
}
