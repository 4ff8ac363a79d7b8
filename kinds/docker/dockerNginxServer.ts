import { Readable } from "node:stream";
import type Docker from "dockerode";
import { RollgateError } from "#rollout/common/errors.ts";
import { endpoint } from "#rollout/machine/connections.ts";
import { CommandFailed, NOT_THERE } from "#rollout/machine/machine.ts";
import { CLOSING } from "#rollout/nginx/closeConnections.ts";
import { MachineNginxAccess } from "#rollout/nginx/machineNginxAccess.ts";
import type { NginxServer } from "#rollout/nginx/nginxServer.ts";
import type { NginxConfiguration } from "#rollout/nginx/renderConfiguration.ts";
import { APPLY, isScript, RESTORE, servedConfiguration } from "#rollout/nginx/servedConfiguration.ts";
import { ContainerMachine, isDockerError } from "./containerMachine.ts";
import type { DockerProxyDescriptor } from "./dockerDescriptors.ts";
import { NGINX_DIRECTORY, NGINX_PORT } from "./nginxPlace.ts";
import { readLog } from "./readLog.ts";

const TEST = `
words=$(nginx -t -q -p "$1" -c "$1/$2" 2>&1) && exit 0
reason=$(printf '%s\\n' "$words" | grep -m 1 emerg) || reason=$words
printf '%s\\n' "$reason" >&2
exit 1`;

/** An nginx in a container of ours; the container starts and keeps it, so here it is only told what to serve. */
export class DockerNginxServer implements NginxServer {
  readonly access: MachineNginxAccess;
  readonly machine: ContainerMachine;
  readonly #docker: Docker;

  constructor(docker: Docker, { container, address, port }: DockerProxyDescriptor) {
    this.#docker = docker;
    this.machine = new ContainerMachine(docker, container);
    const url = `http://${endpoint(address, port)}`;
    this.access = new MachineNginxAccess(this.machine, { url, directory: NGINX_DIRECTORY, port: NGINX_PORT });
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

  async served(): Promise<string | undefined> {
    return servedConfiguration(async (name) => {
      try {
        return await this.machine.run(`[ -f "$1" ] || exit ${NOT_THERE}; cat "$1"`, [
          `${NGINX_DIRECTORY}/${name}`,
        ]);
      } catch (error) {
        if (error instanceof CommandFailed && error.exitCode === NOT_THERE) return undefined;
        throw error;
      }
    });
  }

  async closeConnections(on: boolean): Promise<void> {
    await this.#run(on ? `: > ${CLOSING}` : `rm -f ${CLOSING}`);
  }

  async propose({ text, files }: NginxConfiguration): Promise<void> {
    if (!(await this.isRunning())) throw await this.stopped();
    await this.#run("mkdir -p temp drained");
    for (const file of [...files, { name: "nginx.conf.new", text }]) {
      await this.#run(`cat > ${file.name}`, file.text);
    }
    await testNginx(this.machine, NGINX_DIRECTORY, "nginx.conf.new");
  }

  async apply(): Promise<void> {
    await this.#run(APPLY);
    await this.reload();
  }

  async restore(): Promise<boolean> {
    const answer = await this.#run(RESTORE);
    return answer !== "";
  }

  /** From inside: a container that is signalled through the engine counts as stopped by hand, and stays down. */
  async reload(): Promise<void> {
    await this.#run("kill -HUP 1");
  }

  /** The engine starts and ends the container. */
  async stop(): Promise<void> {}

  async forgetKept(): Promise<void> {
    await this.#run("rm -f nginx.conf.old");
  }

  async commit({ files }: NginxConfiguration): Promise<void> {
    const scripts = (await this.#run("ls")).split("\n").filter(isScript);
    const over = scripts.filter((script) => !files.some(({ name }) => name === script));
    await this.#run(`rm -f ${["nginx.conf.old", ...over].join(" ")}`);
  }

  /** Why nothing can be asked of it. */
  async stopped(): Promise<RollgateError> {
    const reason = `container ${this.machine.name} does not run: ${await this.lastError()}`;
    return new RollgateError("nginx-stopped", reason);
  }

  async lastError(): Promise<string> {
    const lines = await readLog(this.#container, 200).catch(() => []);
    const errors = lines.filter((line) => /\[(emerg|alert)\](?!.*still could not bind)/.test(line));
    return errors.at(-1) ?? "its log is silent";
  }

  get #container(): Docker.Container {
    return this.#docker.getContainer(this.machine.name);
  }

  #run(script: string, input?: string): Promise<string> {
    const options = input === undefined ? {} : { input: Readable.from([input]) };
    return this.machine.run(`cd "$1" || exit 1\n${script}`, [NGINX_DIRECTORY], options);
  }
}

/** Runs `nginx -t` on a file under a prefix; throws with nginx's own words when it is refused. */
export async function testNginx(machine: ContainerMachine, directory: string, file: string): Promise<void> {
  try {
    await machine.run(TEST, [directory, file]);
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    throw new RollgateError("nginx-refused", `nginx refused its configuration: ${error.message}`, {
      cause: error,
    });
  }
}
