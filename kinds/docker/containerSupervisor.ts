import type Docker from "dockerode";
import { RollgateError } from "#rollout/common/errors.ts";
import { within } from "#rollout/common/within.ts";
import type { MemoryRoom, PortOwner, Revision, RunningApp } from "#rollout/host/appHost.ts";
import type { LaunchSpec } from "#rollout/host/launchSpec.ts";
import type { Supervisor } from "#rollout/host/supervisor.ts";
import { PRINT_LISTENING, readListening } from "#rollout/machine/listeners.ts";
import type { Machine } from "#rollout/machine/machine.ts";
import type { Launch } from "#rollout/request/launch.ts";
import { requireEngine } from "../engine/openEngine.ts";
import { ContainerMachine, describeDockerError, isDockerError } from "./containerMachine.ts";
import { availableBytes } from "./containerMemory.ts";
import { containerOptions } from "./containerOptions.ts";
import { lookAtUnpacked, startName, unpackedStart } from "./containerStart.ts";
import type { DockerSlot } from "./dockerSlot.ts";
import { HostContainer } from "./hostContainer.ts";
import { inItsWords } from "./inItsWords.ts";
import { occupantOf } from "./occupantOf.ts";

/** Less than a start may take in all. */
const LOOK_SECONDS = 20;

/**
 * Runs an application in the container of a slot. Each start creates a new container, because a container's image, limits and
 * environment can't change; the previous one is kept stopped for its log. Labels say what is running.
 */
export class ContainerSupervisor implements Supervisor {
  readonly logPlace: string;
  readonly #docker: Docker;
  readonly #slot: DockerSlot;
  readonly #machine: Pick<Machine, "run">;
  readonly #container: HostContainer;
  readonly #former: HostContainer | undefined;
  readonly #directory: string | undefined;
  #start: readonly string[] | undefined;

  /**
   * `machine` is a container with a shell on the same engine; the application's image may have none. `former` is the
   * container of a slot that the host had before; it is stopped together with this one. `directory` is where `machine` has the
   * host's files; without it, nothing can be started from unpacked ones.
   */
  constructor(
    docker: Docker,
    slot: DockerSlot,
    machine: Pick<Machine, "run">,
    { former, directory }: { readonly former?: HostContainer; readonly directory?: string } = {},
  ) {
    this.#docker = docker;
    this.#slot = slot;
    this.#machine = machine;
    this.#container = new HostContainer(docker, slot);
    this.#former = former;
    this.#directory = directory;
    this.logPlace = `docker logs ${slot.container}`;
  }

  async preflight({ container }: Launch): Promise<void> {
    const { engine, volume, network } = this.#slot;
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
    const { network, address, container } = this.#slot;
    const occupant = await inItsWords(() => occupantOf(this.#docker, network, address));
    if (occupant === undefined || occupant === container) return { kind: "nobody" };
    return { kind: "other", name: `container ${occupant}, which has the address ${address}` };
  }

  /** Fails for an image without a shell. */
  async listening(): Promise<string[]> {
    const machine = new ContainerMachine(this.#docker, this.#slot.container);
    const sockets = readListening(await machine.run(PRINT_LISTENING, []));
    return sockets.map(({ local }) => local).filter((local) => !isEnginesOwn(local));
  }

  /** The release's archive can always be started, so it is if its unpacked files can't be looked at in time. */
  async prepare({ release }: Revision, { launch }: LaunchSpec, startupCache = false): Promise<[]> {
    this.#start = undefined;
    if (!startupCache) return [];
    const look = this.#unpacked(release, launch);
    this.#start = await within(LOOK_SECONDS, "the look at the unpacked files", look).catch(() => undefined);
    return [];
  }

  async start({ release, launch }: Revision, spec: LaunchSpec): Promise<void> {
    const options = containerOptions(this.#slot, release, launch, spec, this.#start);
    await inItsWords(() => this.#container.replace(options));
  }

  /** How to start a release from its unpacked files, if it has them. */
  async #unpacked(release: string, launch: Launch): Promise<string[] | undefined> {
    const name = this.#directory && (await startName(this.#docker, launch));
    if (!this.#directory || !name) return undefined;
    const unpacked = await lookAtUnpacked(this.#machine, this.#directory, release, name, {
      deadlineSeconds: LOOK_SECONDS,
    });
    return unpacked && unpackedStart(release, unpacked);
  }

  stop(graceSeconds: number): Promise<{ killed: boolean }> {
    return inItsWords(async () => {
      await this.#former?.stop(graceSeconds);
      return this.#container.stop(graceSeconds);
    });
  }

  /** Until then, it stays down after a crash or a reboot. */
  async keepRunning(): Promise<void> {
    await inItsWords(() => this.#container.keepRunning());
  }

  /**
   * Docker leaves down what was stopped through it; this says so in the container's own settings too. A container that is
   * about to stop can't be told.
   */
  async stopForGood(graceSeconds: number): Promise<{ killed: boolean }> {
    const stopped = await this.stop(graceSeconds);
    await inItsWords(() => this.#container.retire());
    return stopped;
  }

  async memory(): Promise<MemoryRoom | undefined> {
    const neededBytes = await inItsWords(() => this.#container.neededBytes());
    return neededBytes === undefined
      ? undefined
      : { neededBytes, availableBytes: await availableBytes(this.#machine) };
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
