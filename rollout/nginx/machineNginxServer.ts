import { RollgateError } from "../common/errors.ts";
import { portHolder } from "../machine/listeners.ts";
import { CommandFailed, type Machine, NOT_THERE } from "../machine/machine.ts";
import { READ_FILE } from "../machine/readFile.ts";
import { writeFile } from "../machine/writeFile.ts";
import { CLOSING } from "./closeConnections.ts";
import { MachineNginxAccess, type NginxPlace } from "./machineNginxAccess.ts";
import type { NginxRunner } from "./nginxRunner.ts";
import { nginxScript } from "./nginxScripts.ts";
import type { NginxConfiguration } from "./renderConfiguration.ts";
import { isScript, servedConfiguration } from "./servedConfiguration.ts";

const LOG_LINES = 200;
const [APPLY, RESTORE, REMOVE] = [nginxScript("apply"), nginxScript("restore"), nginxScript("remove")];

/** One nginx whose configuration is ours, on any machine: its files are in a folder there, and `runner` starts it. */
export class MachineNginxServer {
  readonly access: MachineNginxAccess;
  readonly machine: Machine;
  readonly #place: NginxPlace;
  readonly #runner: NginxRunner;

  constructor(machine: Machine, place: NginxPlace, runner: NginxRunner) {
    this.access = new MachineNginxAccess(machine, place);
    this.machine = machine;
    this.#place = place;
    this.#runner = runner;
  }

  /** Throws one line when the machine is not ready for it; changes nothing. */
  async preflight(): Promise<void> {
    await this.#runner.preflight();
  }

  /** Whether it has bound its ports. */
  async isRunning(): Promise<boolean> {
    return this.#runner.isRunning();
  }

  /** The configuration that is there, as `servedConfiguration` gives it; `undefined` where there is none. */
  async served(): Promise<string | undefined> {
    return servedConfiguration(async (name) => {
      try {
        return await this.machine.run(READ_FILE, [this.#place.directory, name]);
      } catch (error) {
        if (error instanceof CommandFailed && error.exitCode === NOT_THERE) return undefined;
        throw error;
      }
    });
  }

  /** Has nginx close each client connection with its next answer, or no longer. */
  async closeConnections(on: boolean): Promise<void> {
    await this.#run(on ? `: > ${CLOSING}` : `rm -f ${CLOSING}`);
  }

  /** Writes a configuration and its scripts beside the served one and has nginx test it; throws with nginx's own words. */
  async propose({ text, files }: NginxConfiguration): Promise<void> {
    if (!(await this.isRunning())) await this.#requireFreePort();
    await this.machine.run(
      'umask 022; cd "$1" 2>/dev/null || mkdir -p "$1" && cd "$1" && mkdir -p logs temp drained',
      [this.#place.directory],
    );
    for (const file of [...files, { name: "nginx.conf.new", text }]) {
      await writeFile(this.machine, this.#place.directory, file.name, file.text);
    }
    await refusing(this.#runner.test("nginx.conf.new"));
  }

  /** Puts the proposed configuration in place of the served one, which is kept, and starts or reloads nginx. */
  async apply(): Promise<void> {
    await this.#run(APPLY);
    if (await this.isRunning()) await this.#runner.reload();
    else await refusing(this.#runner.start());
  }

  /** Puts the kept one back, or takes the new one away where there was none; tells whether there was one. */
  async restore(): Promise<boolean> {
    return (await this.#run(RESTORE)) !== "";
  }

  /** Has nginx read again what is there. */
  async reload(): Promise<void> {
    await this.#runner.reload();
  }

  /** Forgets the kept one. */
  async forgetKept(): Promise<void> {
    await this.#run("rm -f nginx.conf.old");
  }

  /** Forgets the kept one, and the scripts that this one does not name. */
  async commit({ files }: NginxConfiguration): Promise<void> {
    const held = (await this.#run("ls")).split("\n").filter(isScript);
    const over = held.filter((script) => !files.some(({ name }) => name === script));
    await this.#run(`rm -f ${["nginx.conf.old", ...over].join(" ")}`);
  }

  /** The last thing that nginx itself complained about. */
  async lastError(): Promise<string> {
    const lines = await this.#runner.logTail(LOG_LINES).catch(() => []);
    const errors = lines.filter((line) => /\[(emerg|alert)\](?!.*still could not bind)/.test(line));
    return errors.at(-1) ?? "its log has no error";
  }

  /** Ends it after its requests in flight. */
  async quit(graceSeconds: number): Promise<void> {
    await this.#runner.quit(graceSeconds);
  }

  /** Removes what is ours. */
  async removeFiles(): Promise<void> {
    await this.machine.run(`cd "$1" 2>/dev/null || exit 0\n${REMOVE}`, [this.#place.directory]);
  }

  /** Who else listens where it is to listen, for a message; one that runs may have the port itself. */
  async portHolder(): Promise<string | undefined> {
    return portHolder(this.machine, this.#place.address, this.#place.port);
  }

  async #requireFreePort(): Promise<void> {
    const holder = await this.portHolder();
    // Or its supervisor has just started it again.
    if (holder === undefined || (await this.isRunning())) return;
    throw new RollgateError("port-taken", `port ${this.#place.port} of nginx is taken by ${holder}`);
  }

  #run(script: string): Promise<string> {
    return this.machine.run(`cd "$1" || exit 1\n${script}`, [this.#place.directory]);
  }
}

async function refusing(asked: Promise<void>): Promise<void> {
  try {
    await asked;
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    throw new RollgateError("nginx-refused", `nginx rejected its configuration: ${error.message}`, {
      cause: error,
    });
  }
}
