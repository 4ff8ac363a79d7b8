import { PassThrough } from "node:stream";
import { finished } from "node:stream/promises";
import type Docker from "dockerode";
import { RollgateError } from "#rollout/common/errors.ts";
import { type Ended, FAREWELL_SECONDS, type Output } from "#rollout/hooks/command.ts";
import type { HostTask, HostTasks } from "#rollout/host/hostTasks.ts";
import { describeDockerError } from "./containerMachine.ts";
import { containerOptions, jarInContainer } from "./containerOptions.ts";
import type { DockerSlot } from "./dockerSlot.ts";
import { KEEPER } from "./fileKeeper.ts";
import { removeContainer } from "./removeContainer.ts";

/**
 * Runs commands in a container of their own, made like the host's: the same image, account, limits, environment and
 * releases. It shares nginx's network, since an address of its own might be the one of a host that is about to start.
 */
export class ContainerTasks implements HostTasks {
  readonly #docker: Docker;
  readonly #host: DockerSlot;
  readonly #nginx: string;

  constructor(docker: Docker, host: DockerSlot, nginx: string) {
    this.#docker = docker;
    this.#host = host;
    this.#nginx = nginx;
  }

  async run(task: HostTask, output: Output): Promise<Ended> {
    const name = `${this.#host.container}-task`;
    try {
      // That of a dead deployer, perhaps.
      await removeContainer(this.#docker, name);
      const container = await this.#docker.createContainer({ ...this.#options(task), name });
      return await this.#follow(container, task.deadlineSeconds, output);
    } catch (error) {
      throw new RollgateError("docker", describeDockerError(error), { cause: error });
    } finally {
      await removeContainer(this.#docker, name).catch(() => {});
    }
  }

  #options({ release, spec, words, variables }: HostTask): Docker.ContainerCreateOptions {
    const { Hostname, NetworkingConfig, ...options } = containerOptions(this.#host, release, "", spec);
    const [program = "", ...args] = words;
    const environment = { ...variables, ROLLGATE_JAR: jarInContainer(release) };
    return {
      ...options,
      Entrypoint: [program],
      Cmd: args,
      Env: Object.entries(environment).map(([key, value]) => `${key}=${value}`),
      // Removing the host removes it, too.
      Labels: { [KEEPER]: this.#nginx },
      HostConfig: { ...options.HostConfig, NetworkMode: `container:${this.#nginx}` },
    };
  }

  async #follow(container: Docker.Container, deadlineSeconds: number, output: Output): Promise<Ended> {
    const stream = await container.attach({ stream: true, stdout: true, stderr: true });
    const both = new PassThrough();
    both.setEncoding("utf8").on("data", output);
    this.#docker.modem.demuxStream(stream, both, both);
    const read = finished(stream).catch(() => {});
    let isOverdue = false;
    const deadline = setTimeout(() => {
      isOverdue = true;
      // SIGTERM first.
      container.stop({ t: FAREWELL_SECONDS }).catch(() => {});
    }, deadlineSeconds * 1000);
    try {
      await container.start();
      const { StatusCode } = await container.wait();
      await read;
      return isOverdue ? "overdue" : StatusCode;
    } finally {
      clearTimeout(deadline);
    }
  }
}
