import { randomUUID } from "node:crypto";
import type Docker from "dockerode";
import { RollgateError } from "#rollout/common/errors.ts";
import type { Launch } from "#rollout/request/launch.ts";
import { describeDockerError } from "./containerMachine.ts";
import { containerOptions, FILES } from "./containerOptions.ts";
import type { DockerSlot } from "./dockerSlot.ts";
import { KEEPER } from "./fileKeeper.ts";
import { readLog } from "./readLog.ts";
import { removeContainer } from "./removeContainer.ts";

const SECONDS = 120;
const LINES = 200;
const OPTION_VARIABLES = ["JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"];
/** Java says so of each of these variables, even of an empty one. */
const PICKED_UP = /^(NOTE: )?Picked up \w+:/;

/** Runs Java on the files of a host, in a container like the host's, but without a network and with write access. */
export class JavaContainer {
  readonly #docker: Docker;
  readonly #host: DockerSlot;
  readonly #launch: Launch;
  readonly #nginx: string;

  /** Removing the host removes containers of dead deployers, which carry the name of its nginx. */
  constructor(docker: Docker, host: DockerSlot, launch: Launch, nginx: string) {
    this.#docker = docker;
    this.#host = host;
    this.#launch = launch;
    this.#nginx = nginx;
  }

  /** Returns what it printed; throws the last line if it fails. */
  async run(args: readonly string[], signal: AbortSignal | undefined): Promise<string[]> {
    const deadline = AbortSignal.timeout(SECONDS * 1000);
    const over = signal ? AbortSignal.any([signal, deadline]) : deadline;
    const name = `${this.#host.container}-java-${randomUUID().slice(0, 8)}`;
    const remove = () => removeContainer(this.#docker, name).catch(() => {});
    try {
      const container = await this.#docker.createContainer({ ...this.#options(args), name });
      over.addEventListener("abort", remove);
      over.throwIfAborted();
      await container.start();
      const { StatusCode } = await container.wait();
      over.throwIfAborted();
      const lines = await readLog(container, LINES);
      if (StatusCode === 0) return lines;
      const last = lines.findLast((line) => !PICKED_UP.test(line));
      throw new RollgateError("command-failed", last ?? `java ended with ${StatusCode}`);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof RollgateError) throw error;
      const what = deadline.aborted ? `java did not end within ${SECONDS} s` : describeDockerError(error);
      throw new RollgateError("docker", what, { cause: error });
    } finally {
      over.removeEventListener("abort", remove);
      await remove();
    }
  }

  #options(args: readonly string[]): Docker.ContainerCreateOptions {
    const spec = { launch: this.#launch, environment: {} };
    const { Hostname, NetworkingConfig, ...options } = containerOptions(this.#host, "", "", spec);
    return {
      ...options,
      // To whom the files belong.
      User: "0:0",
      Cmd: [...args],
      // The image's own options, such as agents, are for the application.
      Env: ["LANG=C.UTF-8", ...OPTION_VARIABLES.map((name) => `${name}=`)],
      Labels: { [KEEPER]: this.#nginx },
      HostConfig: {
        ...options.HostConfig,
        NetworkMode: "none",
        Mounts: [{ Type: "volume", Source: this.#host.volume, Target: FILES }],
      },
    };
  }
}
