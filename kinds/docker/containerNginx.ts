import type Docker from "dockerode";
import { RollgateError } from "#rollout/common/errors.ts";
import { type NginxRunner, testNginx } from "#rollout/nginx/nginxRunner.ts";
import { type ContainerMachine, isDockerError } from "./containerMachine.ts";
import { NGINX_DIRECTORY } from "./dockerDescriptors.ts";
import { readErrors } from "./readLog.ts";

const LOG_LINES = 200;

/** nginx as the first process of its container; Docker starts and restarts it, so this only tests and reloads. */
export class ContainerNginx implements NginxRunner {
  readonly #docker: Docker;
  readonly #machine: ContainerMachine;

  constructor(docker: Docker, machine: ContainerMachine) {
    this.#docker = docker;
    this.#machine = machine;
  }

  async preflight(): Promise<void> {
    if (await this.isRunning()) return;
    throw new RollgateError(
      "nginx-stopped",
      `container ${this.#machine.name} is not running: ${await this.#whyNot()}`,
    );
  }

  async isRunning(): Promise<boolean> {
    try {
      const { State } = await this.#container.inspect();
      return State.Running && !State.Restarting;
    } catch (error) {
      if (isDockerError(error, 404)) return false;
      throw error;
    }
  }

  async test(file: string): Promise<void> {
    await testNginx(this.#machine, "nginx", NGINX_DIRECTORY, file);
  }

  async start(): Promise<void> {
    await this.preflight();
    await this.reload();
  }

  /** Signals from inside, because Docker considers a container that it signals stopped by hand and won't restart it. */
  async reload(): Promise<void> {
    await this.#machine.run("kill -HUP 1", []);
  }

  /** Docker stops the container. */
  async quit(): Promise<void> {}

  /** Docker does that for what a container prints. */
  async keepLog(): Promise<void> {}

  /** Without its output, which is the access log. */
  logTail(lines: number): Promise<string[]> {
    return readErrors(this.#container, lines);
  }

  /** An engine that could not even start it, for a taken port perhaps, has the reason; otherwise nginx has. */
  async #whyNot(): Promise<string> {
    const { State } = await this.#container.inspect().catch(() => ({ State: { Error: "" } }));
    if (State.Error) return State.Error;
    const [last] = (await this.logTail(LOG_LINES).catch(() => []))
      .filter((line) => /\[(emerg|alert)\](?!.*still could not bind)/.test(line))
      .slice(-1);
    return last ?? "its log has no error";
  }

  get #container(): Docker.Container {
    return this.#docker.getContainer(this.#machine.name);
  }
}
