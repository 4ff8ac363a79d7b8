import { RollgateError } from "#rollout/common/errors.ts";
import * as scripts from "#rollout/host/hostScripts.ts";
import { CommandFailed, NOT_THERE } from "#rollout/machine/machine.ts";
import { writeFile } from "#rollout/machine/writeFile.ts";
import { CLOSING } from "#rollout/nginx/closeConnections.ts";
import { type NginxRunner, nginxRunnerOf } from "#rollout/nginx/nginxRunner.ts";
import type { NginxServer } from "#rollout/nginx/nginxServer.ts";
import type { NginxConfiguration } from "#rollout/nginx/renderConfiguration.ts";
import { APPLY, isScript, RESTORE, servedConfiguration } from "#rollout/nginx/servedConfiguration.ts";
import type { SshProxyDescriptor } from "./sshDescriptors.ts";
import type { SshMachine } from "./sshMachine.ts";
import { SshNginxAccess } from "./sshNginxAccess.ts";

const LOG_LINES = 200;

/** An nginx on a server: its files are written over SSH, and its supervisor there starts and reloads it. */
export class SshNginxServer implements NginxServer {
  readonly access: SshNginxAccess;
  readonly #machine: SshMachine;
  readonly #directory: string;
  readonly #runner: NginxRunner;

  constructor(machine: SshMachine, place: SshProxyDescriptor, executable: string) {
    this.access = new SshNginxAccess(machine, place);
    this.#machine = machine;
    this.#directory = place.directory;
    this.#runner = nginxRunnerOf(machine, place, executable);
  }

  /** Throws one line when the server is not ready for it; changes nothing. */
  async preflight(): Promise<void> {
    await this.#runner.preflight();
  }

  fence(assertHeld: () => Promise<void>): void {
    this.#machine.fence(assertHeld);
  }

  async isRunning(): Promise<boolean> {
    return this.#runner.isRunning();
  }

  async served(): Promise<string | undefined> {
    return servedConfiguration(async (name) => {
      try {
        return await this.#machine.run(scripts.read, [this.#directory, name]);
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
    await this.#run("umask 022; mkdir -p logs temp drained");
    for (const file of [...files, { name: "nginx.conf.new", text }]) {
      await writeFile(this.#machine, this.#directory, file.name, file.text);
    }
    try {
      await this.#runner.test();
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
      throw new RollgateError("nginx-refused", `nginx refused its configuration: ${error.message}`, {
        cause: error,
      });
    }
  }

  async apply(): Promise<void> {
    await this.#run(APPLY);
    await this.#runner.startOrReload();
  }

  async restore(): Promise<boolean> {
    const answer = await this.#run(RESTORE);
    return answer !== "";
  }

  async reload(): Promise<void> {
    await this.#runner.startOrReload();
  }

  async stop(): Promise<void> {
    await this.#runner.quit(0);
  }

  async forgetKept(): Promise<void> {
    await this.#run("rm -f nginx.conf.old");
  }

  async commit({ files }: NginxConfiguration): Promise<void> {
    const held = (await this.#run("ls")).split("\n").filter(isScript);
    const over = held.filter((script) => !files.some(({ name }) => name === script));
    await this.#run(`rm -f ${["nginx.conf.old", ...over].join(" ")}`);
  }

  async lastError(): Promise<string> {
    const lines = await this.#runner.logTail(LOG_LINES).catch(() => []);
    const errors = lines.filter((line) => /\[(emerg|alert)\](?!.*still could not bind)/.test(line));
    return errors.at(-1) ?? "its log is silent";
  }

  /** Ends it after its requests in flight. */
  async quit(graceSeconds: number): Promise<void> {
    await this.#runner.quit(graceSeconds);
  }

  /** Removes what is ours; the folder itself is the server's. */
  async removeFiles(): Promise<void> {
    await this.#run(
      "rm -rf nginx.conf nginx.conf.new nginx.conf.old logs/* temp/* drained lease closing rollgate-*.js; rmdir logs temp 2>/dev/null; exit 0",
    );
  }

  #run(script: string): Promise<string> {
    return this.#machine.run(`cd "$1" || exit 1\n${script}`, [this.#directory]);
  }
}
