import type Docker from "dockerode";
import { messageOf, RollgateError } from "#rollout/common/errors.ts";
import type { AppHost, HostState, PortOwner, Revision, RunningApp } from "#rollout/host/appHost.ts";
import { HostFiles } from "#rollout/host/hostFiles.ts";
import { launchUnknown, noRelease, releaseMissing } from "#rollout/host/hostProblems.ts";
import { type LaunchSpec, launchFingerprint } from "#rollout/host/launchSpec.ts";
import { type HealthReport, judge } from "#rollout/host/probe.ts";
import type { NginxAccess } from "#rollout/nginx/nginxAccess.ts";
import type { Jar } from "#rollout/release/jar.ts";
import { retained } from "#rollout/release/retained.ts";
import type { HealthPolicy } from "#rollout/request/rollRequest.ts";
import { describeDockerError, isDockerError } from "./containerMachine.ts";
import { containerOptions } from "./containerOptions.ts";
import type { DockerHostDescriptor } from "./dockerDescriptors.ts";
import type { FileKeeper } from "./fileKeeper.ts";
import { HostContainer } from "./hostContainer.ts";
import { requireEngine } from "./openEngine.ts";

/** What all hosts of one fleet share. */
export interface DockerAppHostOptions extends LaunchSpec {
  readonly health: HealthPolicy;
  readonly docker: Docker;
  readonly keeper: FileKeeper;
  /** Reaches hosts where they can be reached: from nginx's side of the network. */
  readonly nginx: NginxAccess;
}

/**
 * An app host in a container of its own. Each start makes a new container, since image, limits and environment of
 * one cannot change; the one before is kept, stopped, for its log. What runs is read from labels each time.
 */
export class DockerAppHost implements AppHost {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly launch: string;
  readonly logPlace: string;
  readonly #descriptor: DockerHostDescriptor;
  readonly #options: DockerAppHostOptions;
  readonly #files: HostFiles;
  readonly #container: HostContainer;

  constructor(descriptor: DockerHostDescriptor, options: DockerAppHostOptions) {
    this.name = descriptor.name;
    this.address = descriptor.address;
    this.port = descriptor.port;
    this.logPlace = `docker logs ${descriptor.container}`;
    this.#descriptor = descriptor;
    this.#options = options;
    this.#files = new HostFiles(options.keeper, options.keeper.folderOf(descriptor.volume));
    this.#container = new HostContainer(options.docker, descriptor);
    this.launch = launchFingerprint(options, this.address, this.port);
  }

  async preflight(): Promise<void> {
    const { docker, launch } = this.#options;
    const { engine, volume, network } = this.#descriptor;
    await requireEngine(docker, engine);
    const { image = "", milliCpus = 0 } = launch.container ?? {};
    await this.#requireProcessors(milliCpus / 1000);
    await this.#requireThere("image", image, docker.getImage(image).inspect());
    await this.#requireThere("volume", volume, docker.getVolume(volume).inspect());
    await this.#requireThere("network", network, docker.getNetwork(network).inspect());
    await this.runningApp();
  }

  async observe(): Promise<HostState> {
    const [running, files] = await Promise.all([
      this.runningApp(),
      this.#named("cannot show its releases", () => this.#files.describe()),
    ]);
    return { ...(running && { running }), ...files };
  }

  async runningApp(): Promise<RunningApp | undefined> {
    return this.#named("cannot be seen", () => this.#container.running());
  }

  async stage(id: string, jar: Jar | undefined, signal: AbortSignal): Promise<void> {
    if (jar) return this.#named(`cannot take ${id}`, () => this.#files.stage(id, jar, signal));
    if (await this.#named(`cannot show ${id}`, () => this.#files.holds(id))) return;
    throw releaseMissing(this, id);
  }

  async stop(graceSeconds: number): Promise<{ killed: boolean }> {
    return this.#named("cannot be stopped", () => this.#container.stop(graceSeconds));
  }

  async switchTo(id: string): Promise<void> {
    await this.#named(`cannot switch to ${id}`, () => this.#files.switchTo(id));
  }

  async start(launch: string): Promise<void> {
    const { current } = await this.#files.describe();
    if (current === undefined) throw noRelease(this);
    const spec = await this.#specOf(launch);
    // Written down before it is used, so that it can be gone back to.
    await this.#files.remember(launch, spec);
    await this.#named(`cannot start ${current}`, () =>
      this.#container.replace(containerOptions(this.#descriptor, current, launch, spec)),
    );
  }

  /** What has not passed its gates stays down after a crash or a reboot. */
  async markGood(target: Revision): Promise<void> {
    // In this order: a host that counts as good is not looked at again.
    await this.#container.keepRunning();
    await this.#files.markGood(target);
  }

  async probe(signal: AbortSignal): Promise<HealthReport> {
    const { timeoutMilliseconds } = this.#options.health;
    const timeout = AbortSignal.timeout(timeoutMilliseconds);
    try {
      const { statusCode, body } = await this.#options.nginx.get(
        `/rollgate/health/${this.name}`,
        AbortSignal.any([signal, timeout]),
      );
      return judge(statusCode, Buffer.from(body).toString("utf8"));
    } catch (error) {
      const detail = timeout.aborted ? `no answer within ${timeoutMilliseconds} ms` : messageOf(error);
      return { up: false, detail };
    }
  }

  /** The address is the container's own, so whoever answers there is in it. */
  async portOwner(): Promise<PortOwner> {
    const running = await this.runningApp();
    return running ? { kind: "application", release: running.release } : { kind: "nobody" };
  }

  async logTail(lines: number): Promise<string[]> {
    return this.#container.logTail(lines);
  }

  async prune(keep: number, spared: readonly Revision[]): Promise<void> {
    const { releases, launches } = retained(await this.observe(), this.launch, spared);
    await this.#files.prune(keep, releases, launches);
  }

  /** Otherwise the engine would refuse the container when the old one has stopped already. */
  async #requireProcessors(wanted: number): Promise<void> {
    const { NCPU } = await this.#named("cannot see its engine", () => this.#options.docker.info());
    if (wanted <= NCPU) return;
    throw new RollgateError(
      "too-few-processors",
      `${this.name}: expected at most the ${NCPU} processors of the engine, got ${wanted} (containerCpus)`,
    );
  }

  async #requireThere(kind: string, name: string, inspection: Promise<unknown>): Promise<void> {
    await inspection.catch((error: unknown) => {
      if (!isDockerError(error, 404)) throw this.#told(`cannot see its ${kind}`, error);
      throw new RollgateError(
        `no-${kind}`,
        `${this.name}: expected the ${kind} ${name}, the engine has none`,
      );
    });
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
      throw this.#told(what, error);
    }
  }

  #told(what: string, error: unknown): RollgateError {
    const code = error instanceof RollgateError ? error.code : "docker";
    return new RollgateError(code, `${this.name} ${what}: ${describeDockerError(error)}`, { cause: error });
  }
}
