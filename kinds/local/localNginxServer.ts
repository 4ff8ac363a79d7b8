import {
  access,
  constants,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { isSystemError, messageOf, RollgateError } from "#rollout/common/errors.ts";
import { CLOSING } from "#rollout/nginx/closeConnections.ts";
import type { NginxServer } from "#rollout/nginx/nginxServer.ts";
import type { NginxConfiguration } from "#rollout/nginx/renderConfiguration.ts";
import { isScript, servedConfiguration } from "#rollout/nginx/servedConfiguration.ts";
import type { LocalProxyDescriptor } from "./localDescriptors.ts";
import { LocalNginxAccess } from "./localNginxAccess.ts";
import { quitNginx, runningNginx, startNginx, testConfiguration } from "./nginxProcess.ts";
import { describeListener, listenerOn } from "./tcpTable.ts";

/** An nginx of this machine with a prefix of its own; it is a daemon that this process starts. */
export class LocalNginxServer implements NginxServer {
  readonly access: LocalNginxAccess;
  readonly #executable: string;
  readonly #place: LocalProxyDescriptor;

  constructor(executable: string, place: LocalProxyDescriptor) {
    this.#executable = executable;
    this.#place = place;
    this.access = new LocalNginxAccess(place);
  }

  async isRunning(): Promise<boolean> {
    return (await runningNginx(this.#place.directory)) !== undefined;
  }

  async served(): Promise<string | undefined> {
    return servedConfiguration(async (name) => {
      try {
        return await readFile(this.#file(name), "utf8");
      } catch (error) {
        if (isSystemError(error, "ENOENT")) return undefined;
        throw error;
      }
    });
  }

  async closeConnections(on: boolean): Promise<void> {
    if (on) await writeFile(this.#file(CLOSING), "", { mode: 0o644 });
    else await rm(this.#file(CLOSING), { force: true });
  }

  async propose({ text, files }: NginxConfiguration): Promise<void> {
    if (!(await this.isRunning())) await this.#requireFreePort();
    for (const part of ["logs", "temp", "drained"]) {
      await mkdir(this.#file(part), { recursive: true, mode: 0o755 });
    }
    for (const file of files) await writeFile(this.#file(file.name), file.text, { mode: 0o644 });
    await writeFile(this.#file("nginx.conf.new"), text, { mode: 0o644 });
    await testConfiguration(this.#executable, this.#place.directory, "nginx.conf.new");
  }

  async apply(): Promise<void> {
    // One that is there already is what was served last: a change before this one was not confirmed.
    const [from, to] = [this.#file("nginx.conf"), this.#file("nginx.conf.old")];
    await copyFile(from, to, constants.COPYFILE_EXCL).catch((error: unknown) => {
      if (!isSystemError(error, "ENOENT", "EEXIST")) throw error;
    });
    await rename(this.#file("nginx.conf.new"), this.#file("nginx.conf"));
    if (!(await this.#reload())) await startNginx(this.#executable, this.#place.directory);
  }

  async restore(): Promise<boolean> {
    const [kept, served] = [this.#file("nginx.conf.old"), this.#file("nginx.conf")];
    try {
      await copyFile(kept, `${served}.back`);
      await rename(`${served}.back`, served);
      return true;
    } catch (error) {
      if (!isSystemError(error, "ENOENT")) throw error;
      // The new one is still waiting, so the served one was not touched.
      if (!(await isThere(`${served}.new`))) await rm(served, { force: true });
      return false;
    }
  }

  async reload(): Promise<void> {
    await this.#reload();
  }

  async stop(): Promise<void> {
    await quitNginx(this.#place.directory, 0);
  }

  async forgetKept(): Promise<void> {
    await rm(this.#file("nginx.conf.old"), { force: true });
  }

  async commit({ files }: NginxConfiguration): Promise<void> {
    const scripts = (await readdir(this.#place.directory)).filter(isScript);
    const over = scripts.filter((script) => !files.some(({ name }) => name === script));
    for (const name of ["nginx.conf.old", ...over]) await rm(this.#file(name), { force: true });
  }

  async lastError(): Promise<string> {
    const log = await readFile(this.#file("logs/error.log"), "utf8").catch(messageOf);
    const errors = log.split("\n").filter((line) => /\[(emerg|alert)\](?!.*still could not bind)/.test(line));
    return errors.at(-1) ?? "its error log is silent";
  }

  async #reload(): Promise<boolean> {
    const master = await runningNginx(this.#place.directory);
    if (master) process.kill(master.pid, "SIGHUP");
    return master !== undefined;
  }

  async #requireFreePort(): Promise<void> {
    const { address, port } = this.#place;
    const listener = await listenerOn(address, port);
    if (listener !== undefined) {
      throw new RollgateError(
        "port-taken",
        `port ${port} of nginx is taken by ${describeListener(listener)}`,
      );
    }
  }

  #file(name: string): string {
    return join(this.#place.directory, name);
  }
}

function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
