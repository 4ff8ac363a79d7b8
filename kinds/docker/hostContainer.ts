import type Docker from "dockerode";
import { RollgateError } from "#rollout/common/errors.ts";
import type { RunningApp } from "#rollout/host/appHost.ts";
import { isDockerError } from "./containerMachine.ts";
import { usedBytes } from "./containerMemory.ts";
import { LABELS } from "./containerOptions.ts";
import type { DockerSlot } from "./dockerSlot.ts";
import { readLog } from "./readLog.ts";
import { removeContainer } from "./removeContainer.ts";

const KILLED = 137;

/** The container in one slot of a host, and the previous one, which is kept stopped for its log. */
export class HostContainer {
  readonly #docker: Docker;
  readonly #slot: Pick<DockerSlot, "host" | "container">;

  constructor(docker: Docker, slot: Pick<DockerSlot, "host" | "container">) {
    this.#docker = docker;
    this.#slot = slot;
  }

  /** Returns `undefined` if there is none; throws if someone else's container has its name. */
  async inspect(): Promise<Docker.ContainerInspectInfo | undefined> {
    const { host, container } = this.#slot;
    try {
      const found = await this.#container.inspect();
      if (found.Config.Labels[LABELS.host] === host) return found;
    } catch (error) {
      if (isDockerError(error, 404)) return undefined;
      throw error;
    }
    throw new RollgateError(
      "name-taken",
      `expected a container created by rollgate, got ${container} without its label`,
    );
  }

  async running(): Promise<RunningApp | undefined> {
    const found = await this.inspect();
    if (!found?.State.Running || found.State.Restarting) return undefined;
    const { [LABELS.release]: release = "", [LABELS.launch]: launch } = found.Config.Labels;
    return { pid: found.State.Pid, release, launch };
  }

  /** Sends SIGTERM, then SIGKILL after the grace period; Docker does not restart it. */
  async stop(graceSeconds: number): Promise<{ killed: boolean }> {
    const before = await this.inspect();
    if (!before?.State.Running) return { killed: false };
    await this.#container.stop({ t: graceSeconds });
    const { State } = (await this.inspect()) ?? before;
    return { killed: State.ExitCode === KILLED && !State.OOMKilled };
  }

  /** Replaces the current container, which must have stopped, with a new one. */
  async replace(options: Docker.ContainerCreateOptions): Promise<void> {
    const before = await this.inspect();
    if (before?.State.Running) {
      throw new RollgateError("still-running", `container ${this.#slot.container} is still running`);
    }
    if (before) {
      await removeContainer(this.#docker, this.#aside);
      await this.#container.update({ RestartPolicy: { Name: "no" } });
      await this.#container.rename({ name: this.#aside });
    }
    const container = await this.#docker.createContainer(options);
    await container.start();
  }

  /** From now on, Docker restarts it after a crash or a reboot. */
  async keepRunning(): Promise<void> {
    await this.#container.update({ RestartPolicy: { Name: "unless-stopped" } });
  }

  /** From now on, Docker leaves it down, whatever stopped it. */
  async retire(): Promise<void> {
    if (await this.inspect()) await this.#container.update({ RestartPolicy: { Name: "no" } });
  }

  /** The memory that another container like the running one needs: its limit, or what it uses without the cache. */
  async neededBytes(): Promise<number | undefined> {
    const found = await this.inspect();
    if (!found?.State.Running) return undefined;
    if (found.HostConfig.Memory) return found.HostConfig.Memory;
    return usedBytes(this.#container);
  }

  /** The last lines of its log, and how it ended. */
  async logTail(lines: number): Promise<string[]> {
    const found = await this.inspect();
    if (!found) return [];
    const written = await readLog(this.#container, lines);
    const { Running, ExitCode, OOMKilled } = found.State;
    if (Running) return written;
    const limit = (found.HostConfig.Memory ?? 0) / 1024 / 1024;
    const memory = `out of memory at ${limit} MB`;
    // The engine never learns of it if the kernel's message comes after the end.
    const guess = ExitCode === KILLED && limit > 0 ? `, killed, maybe ${memory}` : "";
    return [...written, `exit code ${ExitCode}${OOMKilled ? `, ${memory}` : guess}`];
  }

  async remove(): Promise<void> {
    await removeContainer(this.#docker, this.#slot.container);
    await removeContainer(this.#docker, this.#aside);
  }

  get #container(): Docker.Container {
    return this.#docker.getContainer(this.#slot.container);
  }

  get #aside(): string {
    return `${this.#slot.container}-before`;
  }
}
