import { randomBytes, randomInt } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DockerHostDescriptor, DockerProxyDescriptor } from "#kinds/docker/dockerDescriptors.ts";
import { remove } from "#provider/hostResource.ts";
import { messageOf } from "#rollout/common/errors.ts";
import { observe } from "#rollout/roll/observe.ts";
import { inRepository } from "../../tools/inRepository.ts";
import { freePort } from "../freePort.ts";
import { QUICK_START, RealFleet } from "../realFleet.ts";
import { until } from "../until.ts";
import { type BaseImages, baseImages } from "./baseImages.ts";
import { docker } from "./engine.ts";

const GRACE_SECONDS = 10;

/** How a fleet differs from the usual one. */
export interface DockerFleetOptions {
  /** Must exist. */
  readonly images?: BaseImages;
  /** Whether a new container can start beside the old one on each host. */
  readonly second?: boolean;
  /** Whether nginx has a port for HTTPS. */
  readonly secure?: boolean;
}

/** Hosts and nginx in real containers on the current engine, with unique names. */
export class DockerFleet extends RealFleet<DockerHostDescriptor, DockerProxyDescriptor> {
  readonly prefix: string;
  readonly images: BaseImages;
  readonly #subnet = `10.${randomInt(192, 255)}.${randomInt(0, 255)}`;

  private constructor(
    prefix: string,
    images: BaseImages,
    directory: string,
    ports: Pick<DockerProxyDescriptor, "port" | "tlsPort">,
  ) {
    const proxy = {
      kind: "docker",
      engine: "",
      container: `${prefix}-nginx`,
      address: "127.0.0.1",
      ...ports,
    } as const;
    const container = { image: images.jre, user: "10001:10001", memoryMegabytes: 0, milliCpus: 0 };
    super(directory, [], proxy, {
      launch: { java: "java", jvmOptions: QUICK_START, arguments: [], container },
      health: { timeoutMilliseconds: 2000, deadlineSeconds: 60 },
      timing: { soakSeconds: 1 },
      serving: { flavour: "auto" },
    });
    this.prefix = prefix;
    this.images = images;
  }

  /** nginx is serving; no host has a release yet. */
  static async create(
    size: number,
    serving: object = {},
    { images, second = false, secure = false }: DockerFleetOptions = {},
  ): Promise<DockerFleet> {
    const prefix = `rollgate-test-${randomBytes(3).toString("hex")}`;
    const directory = await mkdtemp(join(tmpdir(), "rollgate-docker-"));
    const ports = { port: await freePort(), ...(secure && { tlsPort: await freePort() }) };
    const fleet = new DockerFleet(prefix, images ?? (await baseImages()), directory, ports);
    await fleet.#declare();
    for (let number = 1; number <= size; number++) await fleet.addHost(number);
    if (second) fleet.addSecondSlots();
    await fleet.serveNginx(serving);
    return fleet;
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

  /** Starts another nginx in front of the hosts. */
  async addNginx(): Promise<DockerProxyDescriptor> {
    const port = await freePort();
    const other = { ...this.proxy, container: `${this.proxy.container}-${port}`, port };
    await this.#runNginx(other);
    await this.serveOther(other);
    return other;
  }

  /** What the settings of a stack have by default; nginx has to be told. */
  addSecondSlots(): void {
    for (const [index, host] of this.hosts.entries()) {
      const [, own] = /\.(\d+)$/.exec(host.address) ?? [];
      const second = { address: `${this.#subnet}.${264 - Number(own)}`, port: host.port };
      this.hosts[index] = { ...host, second };
    }
  }

  /** What Pulumi does once nginx no longer has the host. */
  async deleteHost(host: DockerHostDescriptor): Promise<void> {
    await remove({ ...host, graceSeconds: GRACE_SECONDS });
    await docker(["volume", "rm", host.volume]);
  }

  /** What each host runs, and whether it serves. */
  override async releases(): Promise<Record<string, string>> {
    return this.open(async ({ hosts, proxy }) => {
      const signal = AbortSignal.timeout(10_000);
      const members = await Promise.all(hosts.map((host) => observe(host, proxy, signal)));
      return Object.fromEntries(
        members.map(({ host, state, serving }) => [
          host.name,
          `${state.running?.release ?? "nothing"}${serving ? "" : ", not serving"}`,
        ]),
      );
    });
  }

  /** The output of `docker inspect` for a host's container, with a Go template. */
  async inspect(container: string, template: string): Promise<string> {
    return docker(["inspect", "--format", template, container]);
  }

  /** What changes with a restart, a reload or a new container of nginx: its id, its start, its processes. */
  async nginxIdentity(): Promise<string> {
    const { container } = this.proxy;
    const identity = await this.inspect(container, "{{.Id}} {{.State.StartedAt}} {{.RestartCount}}");
    const processes = (await docker(["top", container, "-o", "pid,lstart,args"])).split("\n");
    // A roll leaves another one for a few seconds.
    return [identity, ...processes.filter((line) => line.includes("nginx: "))].join("\n");
  }

  /** Runs a command in a container. */
  async exec(container: string, ...command: string[]): Promise<string> {
    return docker(["exec", "--user", "0", container, ...command]);
  }

  /** Removes everything that was created. */
  async remove(): Promise<void> {
    const mine = await docker(["ps", "-aq", "--filter", `name=${this.prefix}`]);
    if (mine !== "") await docker(["rm", "--force", ...mine.split("\n")]);
    const volumes = await docker(["volume", "ls", "-q", "--filter", `name=${this.prefix}`]);
    if (volumes !== "") await until(() => areRemoved(volumes.split("\n")), 10);
    await docker(["network", "rm", this.prefix]);
    await docker(["image", "rm", `${this.prefix}-nginx:test`]);
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Does what Pulumi does for the network and for nginx. */
  async #declare(): Promise<void> {
    const context = inRepository("kinds", "docker", "nginx");
    await docker(["network", "create", "--subnet", `${this.#subnet}.0/24`, this.prefix]);
    await docker([
      "build",
      "--quiet",
      "--build-arg",
      `BASE=${this.images.nginx}`,
      "--tag",
      this.#image,
      context,
    ]);
    await this.#runNginx(this.proxy);
  }

  async #runNginx({ container, address, port, tlsPort }: DockerProxyDescriptor): Promise<void> {
    await docker(["volume", "create", container]);
    await docker([
      ...["run", "--detach", "--name", container, "--network", this.prefix],
      ...["--publish", `${address}:${port}:8080`, "--volume", `${container}:/rollgate`],
      ...(tlsPort === undefined ? [] : ["--publish", `${address}:${tlsPort}:8443`]),
      ...["--restart", "always", this.#image],
    ]);
  }

  get #image(): string {
    return `${this.proxy.container}:test`;
  }
}

/** Not yet if a container that removes itself is gone but has not released them. */
async function areRemoved(volumes: readonly string[]): Promise<boolean> {
  try {
    await docker(["volume", "rm", "--force", ...volumes]);
    return true;
  } catch (error) {
    if (messageOf(error).includes("volume is in use")) return false;
    throw error;
  }
}
