import { join } from "node:path";
import { RollgateError } from "../common/errors.ts";
import { inOrder } from "../common/inOrder.ts";
import { portHolder } from "../machine/listeners.ts";
import { CommandFailed, type Machine } from "../machine/machine.ts";
import { readFiles } from "../machine/readFiles.ts";
import { writeFile } from "../machine/writeFile.ts";
import { closeConnectionsScript } from "./closeConnections.ts";
import { CONTROL_ADDRESS } from "./configuration/controlServer.ts";
import { MAKE_LEDGER } from "./configuration/ledgerLog.ts";
import { inUsersWords } from "./inUsersWords.ts";
import { MachineNginxAccess, type NginxPlace } from "./machineNginxAccess.ts";
import { type Neighbour, readNeighbours } from "./neighbours.ts";
import type { NginxConfiguration } from "./nginxConfiguration.ts";
import type { NginxRunner } from "./nginxRunner.ts";
import { nginxScript } from "./nginxScripts.ts";
import type { NginxServer } from "./nginxServer.ts";
import { refusing } from "./refusing.ts";
import { isHashed, SERVED_FILES, servedConfiguration } from "./servedConfiguration.ts";
import { certificateProbe, explainCertificate, type TlsFiles } from "./tls/tryCertificate.ts";

const LOG_LINES = 200;
const [APPLY, RESTORE, REMOVE] = [nginxScript("apply"), nginxScript("restore"), nginxScript("remove")];

/** An nginx with a configuration of ours, in a folder on any machine; `runner` starts it. */
export class MachineNginxServer implements NginxServer {
  readonly access: MachineNginxAccess;
  readonly machine: Machine;
  readonly isForeign = false;
  readonly #place: NginxPlace;
  readonly #runner: NginxRunner;

  constructor(machine: Machine, place: NginxPlace, runner: NginxRunner) {
    this.access = new MachineNginxAccess(machine, place);
    this.machine = machine;
    this.#place = place;
    this.#runner = runner;
  }

  /** Throws a one-line error if the machine is not ready; changes nothing. */
  async preflight(): Promise<void> {
    await this.#runner.preflight();
  }

  /** Whether nginx has bound its ports. */
  async isRunning(): Promise<boolean> {
    return this.#runner.isRunning();
  }

  /** The current configuration, as `servedConfiguration` returns it; `undefined` if there is none. */
  async served(): Promise<string | undefined> {
    const files = await readFiles(this.machine, this.#place.directory, SERVED_FILES);
    return servedConfiguration(async (name) => files.get(name));
  }

  /** Makes nginx close each client connection after its next answer, or stops that. */
  async closeConnections(on: boolean): Promise<void> {
    await this.machine.run(closeConnectionsScript(on), [this.#place.directory]);
  }

  /** Writes a configuration next to the current one and lets nginx test it; throws with nginx's own message. */
  async propose({ text, files }: NginxConfiguration): Promise<void> {
    if (!(await this.isRunning())) await this.#requireFreePort();
    await this.#makeFolders();
    const all = [...files, { name: "nginx.conf.new", text }];
    await inOrder(...all.map((file) => writeFile(this.machine, this.#place.directory, file.name, file.text)));
    await refusing(this.#runner.test("nginx.conf.new"), (words) =>
      refused(words, inUsersWords(words, files, this.#place.directory)),
    );
  }

  /** Lets nginx load a certificate and its key under its own account. */
  async tryCertificate(files: TlsFiles): Promise<void> {
    await this.#makeFolders();
    try {
      await writeFile(
        this.machine,
        this.#place.directory,
        "nginx.conf.new",
        certificateProbe(files, "temp/"),
      );
      await this.#runner.test("nginx.conf.new");
    } catch (error) {
      throw error instanceof CommandFailed ? explainCertificate(error.message, files, error) : error;
    } finally {
      await this.#run("rm -f nginx.conf.new");
    }
  }

  /** Replaces the current configuration with the proposed one, keeps the old one, and starts or reloads nginx. */
  async apply(): Promise<void> {
    await this.#run(APPLY);
    if (await this.isRunning()) await this.#runner.reload();
    else await refusing(this.#runner.start(), (words) => refused(words));
  }

  /** Restores the old configuration, or removes the new one if there was none; returns whether there was one. */
  async restore(): Promise<boolean> {
    return (await this.#run(RESTORE)) !== "";
  }

  /** Makes nginx reload its configuration. */
  async reload(): Promise<void> {
    await this.#runner.reload();
  }

  /** Removes the old configuration. */
  async forgetKept(): Promise<void> {
    await this.#run("rm -f nginx.conf.old");
  }

  /** Removes the old configuration, and files that this one doesn't use. */
  async commit({ files }: NginxConfiguration): Promise<void> {
    const held = (await this.#run("ls")).split("\n").filter(isHashed);
    const over = held.filter((file) => !files.some(({ name }) => name === file));
    await this.#run(`rm -f ${["nginx.conf.old", ...over].join(" ")}`);
  }

  /** The last error in nginx's log. */
  async lastError(): Promise<string> {
    const lines = await this.#runner.logTail(LOG_LINES).catch(() => []);
    const errors = lines.filter((line) => /\[(emerg|alert)\](?!.*still could not bind)/.test(line));
    return errors.at(-1) ?? "its log has no error";
  }

  async keepLog(): Promise<void> {
    await this.#runner.keepLog();
  }

  /** Stops nginx once its requests are finished. */
  async quit(graceSeconds: number): Promise<void> {
    await this.#runner.quit(graceSeconds);
  }

  /** Removes our files. */
  async removeFiles(): Promise<void> {
    await this.machine.run(`cd "$1" 2>/dev/null || exit 0\n${REMOVE}`, [this.#place.directory]);
  }

  /** The stacks whose parts it serves, too. */
  async neighbours(): Promise<readonly Neighbour[]> {
    return readNeighbours(this.machine, join(this.#place.directory, "conf.d"), {});
  }

  /** Which process listens on nginx's port, for a message; it may be nginx itself. */
  async portHolder(port = this.#place.port): Promise<string | undefined> {
    return portHolder(this.machine, this.#place.address, port);
  }

  /** Which process listens on the port for the rollout, for a message; it may be nginx itself. */
  async controlPortHolder(): Promise<string | undefined> {
    return portHolder(this.machine, CONTROL_ADDRESS, this.#place.controlPort);
  }

  async #requireFreePort(): Promise<void> {
    const holder = await this.portHolder();
    const [port, taken] = holder
      ? [this.#place.port, holder]
      : [this.#place.controlPort, await this.controlPortHolder()];
    // It may be our own nginx, which its supervisor has just restarted.
    if (taken === undefined || (await this.isRunning())) return;
    throw new RollgateError("port-taken", `port ${port} of nginx is taken by ${taken}`);
  }

  async #makeFolders(): Promise<void> {
    await this.machine.run(
      'umask 022; cd "$1" 2>/dev/null || mkdir -p "$1" && cd "$1" && mkdir -p logs temp drained conf.d locations\n' +
        MAKE_LEDGER,
      [this.#place.directory],
    );
  }

  #run(script: string): Promise<string> {
    return this.machine.run(`cd "$1" || exit 1\n${script}`, [this.#place.directory]);
  }
}

/** The error for a configuration that nginx rejects, in its own words unless they can be explained. */
function refused(words: string, explained = `nginx rejected its configuration: ${words}`): [string, string] {
  return ["nginx-refused", explained];
}
