import { randomUUID } from "node:crypto";
import type Docker from "dockerode";
import { RollgateError } from "#rollout/common/errors.ts";
import type { Machine, RunOptions } from "#rollout/machine/machine.ts";
import { ContainerMachine, describeDockerError, isDockerError } from "./containerMachine.ts";
import { removeContainer } from "./removeContainer.ts";

/** It exits by itself if the deployer dies. */
const LIFETIME_SECONDS = 7200;
/** A roll that takes longer gets another one before this one exits. */
const RENEWAL_MILLISECONDS = 3_600_000;

/** A label on every such container, so that removing a host also removes those of dead deployers. */
export const KEEPER = "rollgate.files";

/**
 * Accesses the hosts' volumes, whose own containers may not be running or not exist, through a helper container with
 * all volumes and no network. It exists only as long as it is needed.
 */
export class FileKeeper implements Pick<Machine, "run"> {
  readonly #docker: Docker;
  readonly #volumes: readonly string[];
  /** A container whose image has a shell and the tools. */
  readonly imageOf: string;
  #machine: Promise<ContainerMachine> | undefined;
  #startedAt = Number.POSITIVE_INFINITY;
  #isClosed = false;

  constructor(docker: Docker, volumes: readonly string[], imageOf: string) {
    this.#docker = docker;
    this.#volumes = volumes;
    this.imageOf = imageOf;
  }

  /** The folder of a volume in the helper container. */
  folderOf(volume: string): string {
    return `/hosts/${volume}`;
  }

  async run(script: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
    try {
      return await this.#run(script, args, options);
    } catch (error) {
      // The container is gone, for example after a restart of Docker, and nothing was done in it.
      const isGone = error instanceof RollgateError && isDockerError(error.cause, 404);
      if (!isGone || this.#machine) throw error;
      return this.#run(script, args, options);
    }
  }

  async #run(script: string, args: readonly string[], options: RunOptions): Promise<string> {
    if (performance.now() - this.#startedAt > RENEWAL_MILLISECONDS) await this.#remove();
    // Work that a stopped roll has left in a queue would start one that nobody removes.
    if (this.#isClosed) throw new RollgateError("no-file-keeper", "the fleet is closed");
    this.#machine ??= this.#start();
    const machine = await this.#machine.catch((error: unknown) => {
      this.#machine = undefined;
      throw new RollgateError("no-file-keeper", `cannot reach the volumes: ${describeDockerError(error)}`, {
        cause: error,
      });
    });
    try {
      return await machine.run(script, args, options);
    } catch (error) {
      if (error instanceof RollgateError && error.code === "container-unreachable") this.#machine = undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#remove();
  }

  async #remove(): Promise<void> {
    const machine = await this.#machine?.catch(() => undefined);
    this.#machine = undefined;
    if (machine) await removeContainer(this.#docker, machine.name);
  }

  async #start(): Promise<ContainerMachine> {
    const { Image } = await this.#docker.getContainer(this.imageOf).inspect();
    // Mounting a missing volume would create it, so missing ones are left out.
    const mounts = await Promise.all(this.#volumes.map((volume) => this.#isThere(volume)));
    this.#startedAt = performance.now();
    const name = `${this.imageOf}-files-${randomUUID().slice(0, 8)}`;
    const container = await this.#docker.createContainer({
      name,
      Image,
      Entrypoint: ["sleep"],
      Cmd: [String(LIFETIME_SECONDS)],
      // As PID 1 it would ignore SIGTERM and delay Docker's shutdown.
      StopSignal: "SIGKILL",
      User: "0",
      Labels: { [KEEPER]: this.imageOf },
      Healthcheck: { Test: ["NONE"] },
      HostConfig: {
        AutoRemove: true,
        NetworkMode: "none",
        Mounts: mounts
          .filter((volume) => volume !== undefined)
          .map((volume) => ({ Type: "volume", Source: volume, Target: this.folderOf(volume) })),
      },
    });
    await container.start();
    return new ContainerMachine(this.#docker, name);
  }

  async #isThere(volume: string): Promise<string | undefined> {
    try {
      await this.#docker.getVolume(volume).inspect();
      return volume;
    } catch (error) {
      if (isDockerError(error, 404)) return undefined;
      throw error;
    }
  }
}

/** Removes the helpers of dead deployers that still use a volume. */
export function removeKeepers(docker: Docker, volume: string): Promise<void> {
  return removeAll(docker, { volume: [volume], label: [KEEPER] });
}

/** Removes the helpers of dead deployers that were made from the image of an nginx, whatever volumes they found. */
export function removeKeepersBeside(docker: Docker, nginx: string): Promise<void> {
  return removeAll(docker, { label: [`${KEEPER}=${nginx}`] });
}

async function removeAll(docker: Docker, filters: Record<string, string[]>): Promise<void> {
  const found = await docker.listContainers({ all: true, filters });
  for (const { Id } of found) await removeContainer(docker, Id);
}
