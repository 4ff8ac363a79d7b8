import type Docker from "dockerode";
import { RollgateError } from "#rollout/common/errors.ts";
import type { RunningApp } from "#rollout/host/appHost.ts";
import { isDockerError } from "./containerMachine.ts";
import { LABELS } from "./containerOptions.ts";
import type { DockerHostDescriptor } from "./dockerDescriptors.ts";
import { removeKeepers } from "./fileKeeper.ts";
import { readLog } from "./readLog.ts";
import { removeContainer } from "./removeContainer.ts";

const KILLED = 137;

/** The container of one app host, and the previous one, which is kept stopped for its log. */
export class HostContainer {
  readonly #docker: Docker;
  readonly #host: DockerHostDescriptor;

  constructor(docker: Docker, host: DockerHostDescriptor) {
    this.#docker = docker;
    this.#host = host;
  }

  /** Returns `undefined` if there is none; throws if someone else's container has its name. */
  async inspect(): Promise<Docker.ContainerInspectInfo | undefined> {
    const { name, container } = this.#host;
    try {
      const found = await this.#container.inspect();
      if (found.Config.Labels[LABELS.host] === name) return found;
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
      throw new RollgateError("still-running", `container ${this.#host.container} is still running`);
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

  /** The last lines of its log, and how it ended. */
  async logTail(lines: number): Promise<string[]> {
    const found = await this.inspect();
    if (!found) return [];
    const written = await readLog(this.#container, lines);
    const { Running, ExitCode, OOMKilled } = found.State;
    if (Running) return written;
    const memory = `, out of memory at ${(found.HostConfig.Memory ?? 0) / 1024 / 1024} MB`;
    return [...written, `exit code ${ExitCode}${OOMKilled ? memory : ""}`];
  }

  async remove(): Promise<void> {
    await removeKeepers(this.#docker, this.#host.volume);
    await removeContainer(this.#docker, this.#host.container);
    await removeContainer(this.#docker, this.#aside);
  }

  get #container(): Docker.Container {
    return this.#docker.getContainer(this.#host.container);
  }

  get #aside(): string {
    return `${this.#host.container}-before`;
  }
}
