import { randomBytes, randomInt } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { DockerHostDescriptor, DockerProxyDescriptor } from "#kinds/docker/dockerDescriptors.ts";
import type { DockerNginxInputs } from "#kinds/docker/dockerNginxInputs.ts";
import { openDockerFleet } from "#kinds/docker/openDockerFleet.ts";
import { remove } from "#provider/appHost.ts";
import { check, create } from "#provider/nginx.ts";
import type { RollRequest } from "#rollout/request/rollRequest.ts";
import { observe } from "#rollout/roll/fleet.ts";
import { inRepository } from "../../../tools/inRepository.ts";
import { freePort } from "../freePort.ts";
import type { RollSettings, UnderLoad } from "../localFleet.ts";
import { RollerProcess, type RollOutcome } from "../rollerProcess.ts";
import { Traffic } from "../traffic.ts";
import { type BaseImages, baseImages } from "./baseImages.ts";
import { docker } from "./engine.ts";

const REQUESTS_PER_SECOND = 200;
const AFTERMATH_MILLISECONDS = 300;
const GRACE_SECONDS = 10;

/** What a test may say of a roll on Docker. */
export interface DockerRollSettings extends RollSettings {
  readonly launch?: Partial<RollRequest["launch"]>;
  readonly container?: Partial<NonNullable<RollRequest["launch"]["container"]>>;
}

/** Hosts and nginx in real containers on the engine at hand, under names of their own. */
export class DockerFleet {
  readonly prefix = `rollgate-test-${randomBytes(3).toString("hex")}`;
  readonly proxy: DockerProxyDescriptor;
  readonly images: BaseImages;
  readonly directory: string;
  readonly #subnet: string;
  hosts: DockerHostDescriptor[] = [];
  #rolls = 0;

  private constructor(images: BaseImages, directory: string, port: number) {
    this.images = images;
    this.directory = directory;
    this.#subnet = `10.${randomInt(192, 255)}.${randomInt(0, 255)}`;
    const container = `${this.prefix}-nginx`;
    this.proxy = { kind: "docker", engine: "", container, address: "127.0.0.1", port };
  }

  /** Nginx serves; no host has a release yet. `images` are there already. */
  static async create(
    size: number,
    serving: Partial<DockerNginxInputs> = {},
    images?: BaseImages,
  ): Promise<DockerFleet> {
    const directory = await mkdtemp(join(tmpdir(), "rollgate-docker-"));
    const fleet = new DockerFleet(images ?? (await baseImages()), directory, await freePort());
    await fleet.#declare();
    for (let number = 1; number <= size; number++) await fleet.addHost(number);
    await fleet.serveNginx(serving);
    return fleet;
  }

  get url(): string {
    return `http://127.0.0.1:${this.proxy.port}`;
  }

  host(name: string): DockerHostDescriptor {
    const host = this.hosts.find((candidate) => candidate.name === name);
    if (!host) throw new Error(`there is no ${name}`);
    return host;
  }

  /** Does what Pulumi does for a new host; `volumeOptions` are those of `docker volume create`. */
  async addHost(number: number, volumeOptions: readonly string[] = []): Promise<void> {
    const [name, label] = [`app-${number}`, `${this.prefix}-app-${number}`];
    await docker(["volume", "create", ...volumeOptions, label]);
    this.hosts.push({
      kind: "docker",
      name,
      address: `${this.#subnet}.${10 + number}`,
      port: 8080,
      engine: "",
      container: label,
      volume: label,
      network: this.prefix,
    });
  }

  /** What Pulumi does once nginx knows the host no more. */
  async deleteHost(host: DockerHostDescriptor): Promise<void> {
    await remove({ ...host, graceSeconds: GRACE_SECONDS });
    await docker(["volume", "rm", host.volume]);
  }

  /** Does what the nginx resource does. */
  async serveNginx(settings: Partial<DockerNginxInputs> = {}): Promise<void> {
    const { inputs, failures } = await check({
      olds: {},
      news: {
        ...this.proxy,
        flavour: "auto",
        hosts: this.hosts.map(({ name, address, port }) => ({ name, address, port })),
        healthPath: "/actuator/health",
        slowestRequestSeconds: 1,
        settleSeconds: 5,
        leaseWaitSeconds: 0,
        check: {
          path: "/actuator/health",
          intervalMilliseconds: 500,
          rise: 2,
          fall: 3,
          timeoutMilliseconds: 2000,
          expect: ["2xx"],
        },
        statusAllow: [],
        ...settings,
      } satisfies DockerNginxInputs,
    });
    if (!inputs) throw new Error(JSON.stringify(failures));
    await create(inputs);
  }

  /** Starts a deployer in a process of its own. */
  async startRoll(settings: DockerRollSettings): Promise<RollerProcess> {
    const file = join(this.directory, `roll-${++this.#rolls}.json`);
    const { jar, release, ...rest } = settings;
    const goal = release === undefined ? { jar: { path: jar } } : { release };
    await writeFile(file, JSON.stringify({ ...this.#request(rest), ...goal }), { mode: 0o600 });
    return new RollerProcess(file);
  }

  async roll(settings: DockerRollSettings): Promise<RollOutcome> {
    return (await this.startRoll(settings)).done;
  }

  /** Runs `work` while clients send requests, and at least `requests` of them. */
  async underLoad<T>(work: () => Promise<T>, requests = 0): Promise<UnderLoad<T>> {
    const traffic = new Traffic(this.url, REQUESTS_PER_SECOND);
    try {
      const result = await work();
      while (traffic.sent < requests) await sleep(100);
      await sleep(AFTERMATH_MILLISECONDS);
      return { result, seen: await traffic.stop() };
    } finally {
      await traffic.stop();
    }
  }

  /** What each host runs, and whether it serves. */
  async releases(): Promise<Record<string, string>> {
    const fleet = openDockerFleet({ ...this.#request({}), environment: {} });
    try {
      const members = await Promise.all(
        fleet.hosts.map((host) => observe(host, fleet.proxy, AbortSignal.timeout(10_000))),
      );
      return Object.fromEntries(
        members.map(({ host, state, serving }) => [
          host.name,
          `${state.running?.release ?? "nothing"}${serving ? "" : ", not serving"}`,
        ]),
      );
    } finally {
      await fleet.close();
    }
  }

  /** What `docker inspect` says of a host's container, by a Go template. */
  async inspect(container: string, template: string): Promise<string> {
    return docker(["inspect", "--format", template, container]);
  }

  /** What tells a restart, a reload or a new container of nginx: its identity, its start, its processes. */
  async nginxIdentity(): Promise<string> {
    const { container } = this.proxy;
    const identity = await this.inspect(container, "{{.Id}} {{.State.StartedAt}} {{.RestartCount}}");
    return `${identity}\n${await docker(["top", container, "-o", "pid,lstart,args"])}`;
  }

  /** Runs a command in a container. */
  async exec(container: string, ...command: string[]): Promise<string> {
    return docker(["exec", "--user", "0", container, ...command]);
  }

  /** Removes everything that was made. */
  async remove(): Promise<void> {
    const mine = await docker(["ps", "-aq", "--filter", `name=${this.prefix}`]);
    if (mine !== "") await docker(["rm", "--force", ...mine.split("\n")]);
    const volumes = await docker(["volume", "ls", "-q", "--filter", `name=${this.prefix}`]);
    if (volumes !== "") await docker(["volume", "rm", ...volumes.split("\n")]);
    await docker(["network", "rm", this.prefix]);
    await docker(["image", "rm", `${this.prefix}-nginx:test`]);
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Does what Pulumi does for the network and for nginx. */
  async #declare(): Promise<void> {
    const { container, address, port } = this.proxy;
    const image = `${container}:test`;
    const context = inRepository("kinds", "docker", "nginx");
    await docker(["network", "create", "--subnet", `${this.#subnet}.0/24`, this.prefix]);
    await docker(["build", "--quiet", "--build-arg", `BASE=${this.images.nginx}`, "--tag", image, context]);
    await docker(["volume", "create", container]);
    await docker([
      ...["run", "--detach", "--name", container, "--network", this.prefix],
      ...["--publish", `${address}:${port}:8080`, "--volume", `${container}:/rollgate`],
      ...["--restart", "always", image],
    ]);
  }

  #request({ health, timing, launch, container, ...rest }: Omit<DockerRollSettings, "jar" | "release">) {
    const jvmOptions = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-Xmx128m"];
    const spec = {
      image: this.images.jre,
      user: "10001:10001",
      memoryMegabytes: 0,
      milliCpus: 0,
      ...container,
    };
    return {
      hosts: this.hosts,
      proxy: this.proxy,
      launch: { java: "java", jvmOptions, arguments: [], container: spec, ...launch },
      environment: {},
      health: {
        path: "/actuator/health",
        passes: 2,
        intervalMilliseconds: 100,
        timeoutMilliseconds: 2000,
        deadlineSeconds: 60,
        ...health,
      },
      timing: {
        settleSeconds: 5,
        graceSeconds: GRACE_SECONDS,
        soakSeconds: 1,
        rollDeadlineSeconds: 300,
        leaseWaitSeconds: 0,
        slowestRequestSeconds: 1,
        shutdownPhaseSeconds: 1,
        ...timing,
      },
      minimumHealthy: this.hosts.length - 1,
      keepReleases: 3,
      onFailure: "rollback" as const,
      ...rest,
    };
  }
}
