import type Docker from "dockerode";
import { RollgateError } from "#rollout/common/errors.ts";
import type { MemoryRoom, PortOwner, Revision, RunningApp } from "#rollout/host/appHost.ts";
import type { LaunchSpec } from "#rollout/host/launchSpec.ts";
import type { Supervisor } from "#rollout/host/supervisor.ts";
import { PRINT_LISTENING, readListening } from "#rollout/machine/listeners.ts";
import type { Launch } from "#rollout/request/launch.ts";
import { ContainerMachine, describeDockerError, isDockerError } from "./containerMachine.ts";
import { containerOptions } from "./containerOptions.ts";
import type { DockerHostDescriptor } from "./dockerDescriptors.ts";
import { HostContainer } from "./hostContainer.ts";
import { occupantOf } from "./occupantOf.ts";
import { requireEngine } from "./openEngine.ts";

/**
 * Runs an application in its own container. Each start creates a new container, because a container's image, limits and
 * environment can't change; the previous one is kept stopped for its log. Labels say what is running.
 */
export class ContainerSupervisor implements Supervisor {
  readonly logPlace: string;
  readonly #docker: Docker;
  readonly #host: DockerHostDescriptor;
  readonly #container: HostContainer;

  constructor(docker: Docker, host: DockerHostDescriptor) {
    this.#docker = docker;
    this.#host = host;
    this.#container = new HostContainer(docker, host);
    this.logPlace = `docker logs ${host.container}`;
  }

  async preflight({ container }: Launch): Promise<void> {
    const { engine, volume, network } = this.#host;
    await requireEngine(this.#docker, engine);
    const { image = "", milliCpus = 0 } = container ?? {};
    await this.#requireProcessors(milliCpus / 1000);
    await this.#requireThere("image", image, this.#docker.getImage(image).inspect());
    await this.#requireThere("volume", volume, this.#docker.getVolume(volume).inspect());
    await this.#requireThere("network", network, this.#docker.getNetwork(network).inspect());
  }

  running(): Promise<RunningApp | undefined> {
    return inItsWords(() => this.#container.running());
  }

  /** The address is the container's own while it runs; while it does not, another container may take it. */
  async portOwner(): Promise<PortOwner> {
    const running = await this.running();
    if (running) return { kind: "application", release: running.release };
    const { network, address, container } = this.#host;
    const occupant = await inItsWords(() => occupantOf(this.#docker, network, address));
    if (occupant === undefined || occupant === container) return { kind: "nobody" };
    return { kind: "other", name: `container ${occupant}, which has the address ${address}` };
  }

  /** Fails for an image without a shell. */
  async listening(): Promise<string[]> {
    const machine = new ContainerMachine(this.#docker, this.#host.container);
    const sockets = readListening(await machine.run(PRINT_LISTENING, []));
    return sockets.map(({ local }) => local).filter((local) => !isEnginesOwn(local));
  }

  async prepare(): Promise<void> {}

  async start({ release, launch }: Revision, spec: LaunchSpec): Promise<void> {
    await inItsWords(() => this.#container.replace(containerOptions(this.#host, release, launch, spec)));
  }

  stop(graceSeconds: number): Promise<{ killed: boolean }> {
    return inItsWords(() => this.#container.stop(graceSeconds));
  }

  /** Until then, it stays down after a crash or a reboot. */
  async keepRunning(): Promise<void> {
    await inItsWords(() => this.#container.keepRunning());
  }

  async retire(): Promise<void> {}

  async memory(): Promise<MemoryRoom | undefined> {
    return undefined;
  }

  logTail(lines: number): Promise<string[]> {
    return inItsWords(() => this.#container.logTail(lines));
  }

  /** Otherwise Docker would reject the new container after the old one has stopped. */
  async #requireProcessors(wanted: number): Promise<void> {
    const { NCPU } = await inItsWords(() => this.#docker.info());
    if (wanted <= NCPU) return;
    throw new RollgateError(
      "too-few-processors",
      `expected at most the engine's ${NCPU} CPUs, got ${wanted} (containerCpus)`,
    );
  }

  async #requireThere(kind: string, name: string, inspection: Promise<unknown>): Promise<void> {
    await inspection.catch((error: unknown) => {
      if (!isDockerError(error, 404))
        throw new RollgateError("docker", `cannot see its ${kind}: ${describeDockerError(error)}`, {
          cause: error,
        });
      throw new RollgateError(`no-${kind}`, `expected the ${kind} ${name}, got none on the engine`);
    });
  }
}

/** Docker's DNS server listens at 127.0.0.11 in each container of a network. */
function isEnginesOwn(local: string): boolean {
  return local.startsWith("127.0.0.11:");
}

/** Reports Docker's errors in its own words. */
async function inItsWords<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof RollgateError) throw error;
    throw new RollgateError("docker", describeDockerError(error), { cause: error });
  }
}
