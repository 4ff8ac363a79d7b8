import { randomBytes } from "node:crypto";
import { RollgateError } from "../common/errors.ts";
import { isFolder } from "../machine/isFolder.ts";
import { portHolder } from "../machine/listeners.ts";
import type { Machine } from "../machine/machine.ts";
import { readFiles } from "../machine/readFiles.ts";
import { readScripts } from "../machine/scripts.ts";
import { writeFile } from "../machine/writeFile.ts";
import { CLOSE_CONNECTIONS, closeConnectionsScript } from "./closeConnections.ts";
import { CONTROL_ADDRESS } from "./configuration/controlServer.ts";
import { LEDGER_FILE, MAKE_LEDGER } from "./configuration/ledgerLog.ts";
import { foreignText, HTTP_FILE, SITE_FILE } from "./foreignConfiguration.ts";
import { lacksLine, refused } from "./foreignOwner.ts";
import { attachments, type ForeignPlace } from "./foreignPlace.ts";
import { inUsersWords } from "./inUsersWords.ts";
import { MachineNginxAccess } from "./machineNginxAccess.ts";
import { type Neighbour, readNeighbours } from "./neighbours.ts";
import type { NginxConfiguration } from "./nginxConfiguration.ts";
import { nginxScript } from "./nginxScripts.ts";
import type { NginxServer } from "./nginxServer.ts";
import { refusing } from "./refusing.ts";
import { fileProblem, isHashed } from "./servedConfiguration.ts";

const RIGHTS = readScripts(new URL("../machine/scripts/", import.meta.url), "with-rights");
const FUNCTIONS = `${RIGHTS}\n${nginxScript("system-path", "find-master", "lock-shared", "shared-nginx")}`;
const CHANGES = nginxScript("lock-nginx", "switch-live", "attach", "say-whose-fault", "begin-shared");
const changing = (name: string) => [FUNCTIONS, CHANGES, nginxScript(name)].join("\n");
const [TEST, APPLY, RESTORE, REMOVE] = ["test-shared", "apply-shared", "restore-shared", "remove-shared"].map(
  changing,
);
const IS_RUNNING = `${nginxScript("find-master")}\nfind_master "$1"`;
const PREFLIGHT = [FUNCTIONS, nginxScript("preflight-shared")].join("\n");
const RELOAD = `${FUNCTIONS}\nwhere=$1 executable=$2 means=$3\nreload_nginx`;
/** Others may be changing the same nginx for a minute. */
const DEADLINE_SECONDS = 90;

/**
 * Our part of an nginx that somebody else starts and configures. Its files are in a folder that a link points to; nginx
 * tests the whole configuration with the link switched to the proposed ones.
 */
export class ForeignNginxServer implements NginxServer {
  readonly access: MachineNginxAccess;
  readonly machine: Machine;
  readonly isForeign = true;
  readonly place: ForeignPlace;
  #proposed = "";

  constructor(machine: Machine, place: ForeignPlace) {
    this.access = new MachineNginxAccess(machine, place);
    this.machine = machine;
    this.place = place;
  }

  async preflight(): Promise<void> {
    await this.requireRunning();
    const { master, executable, means, httpFolder, directory } = this.place;
    await this.machine.run(PREFLIGHT, [master, executable, means, httpFolder, directory]);
  }

  /** Throws a one-line error if nginx is stopped; only its owner starts it. */
  async requireRunning(): Promise<void> {
    if (await this.isRunning()) return;
    throw new RollgateError(
      "nginx-stopped",
      `expected nginx to be running, found no process by ${this.place.master}: start it first`,
    );
  }

  async isRunning(): Promise<boolean> {
    return (await this.machine.run(IS_RUNNING, [this.place.master])) !== "";
  }

  async served(): Promise<string | undefined> {
    const isUnconfirmed = (await this.#run("readlink before || :")) !== "";
    const from = isUnconfirmed ? "before" : "live";
    const files = await this.#read(`${from}/${HTTP_FILE}`, `${from}/${SITE_FILE}`);
    const [http, site] = [files.get(`${from}/${HTTP_FILE}`), files.get(`${from}/${SITE_FILE}`)];
    const text = http === undefined ? undefined : foreignText({ http, ...(site !== undefined && { site }) });
    if (isUnconfirmed) return `${text ?? ""}# a change was not confirmed\n`;
    if (text === undefined) return undefined;
    const problem =
      (await this.#problem(text)) ??
      (site === undefined ? undefined : await lacksLine(this.machine, this.place));
    return problem === undefined ? text : `${text}# ${problem}\n`;
  }

  async closeConnections(on: boolean): Promise<void> {
    await this.machine.run(closeConnectionsScript(on), [this.place.directory]);
  }

  async propose({ fingerprint, files }: NginxConfiguration): Promise<void> {
    await this.requireRunning();
    const { directory } = this.place;
    // nginx gives the last one to its workers' account; by its group it remains ours to remove.
    await this.machine.run(
      'umask 022; cd "$1" 2>/dev/null || mkdir -p "$1" && cd "$1" && mkdir -p versions drained logs temp && { [ -d temp/up ] || mkdir -m 0775 temp/up; }',
      [directory],
    );
    if (files.some(({ text }) => text.includes(LEDGER_FILE))) await this.#run(MAKE_LEDGER);
    this.#proposed = `versions/${fingerprint}-${randomBytes(4).toString("hex")}`;
    for (const { name, text } of files) {
      await writeFile(this.machine, directory, isHashed(name) ? name : `${this.#proposed}/${name}`, text);
    }
    try {
      await refusing(this.#change(TEST), (words) => refused(words, inUsersWords(words, files, directory)));
    } catch (error) {
      await this.#run('rm -rf "$2"', this.#proposed);
      throw error;
    }
  }

  async apply(): Promise<void> {
    await refusing(this.#change(APPLY), (words) => refused(words));
  }

  async restore(): Promise<boolean> {
    return (await this.#change(RESTORE)) !== "";
  }

  async reload(): Promise<void> {
    const { master, executable, means } = this.place;
    await this.machine.run(RELOAD, [master, executable, means]);
  }

  async forgetKept(): Promise<void> {
    await this.#run("rm -f before");
  }

  async commit({ files }: NginxConfiguration): Promise<void> {
    const held = (await this.#run("ls")).split("\n").filter(isHashed);
    const over = held.filter((script) => !files.some(({ name }) => name === script));
    await this.#run(
      `rm -f ${["before", ...over].join(" ")}
for version in versions/*; do [ "$version" = "$2" ] || rm -rf "$version"; done`,
      this.#proposed,
    );
  }

  /** Only its owner can read the log, in general. */
  async lastError(): Promise<string> {
    return `see its error log, and whether its http block includes ${this.place.httpFolder}/*.conf`;
  }

  async quit(): Promise<void> {}

  /** Its own logs are its owner's, and ours are next to them. */
  async keepLog(): Promise<void> {}

  async removeFiles(): Promise<void> {
    if (await isFolder(this.machine, this.place.directory)) await this.#change(REMOVE);
  }

  async neighbours(): Promise<readonly Neighbour[]> {
    const [own] = attachments(this.place);
    const { httpFolder, owner } = this.place;
    return readNeighbours(this.machine, httpFolder, {
      ...(own && { own: own.file }),
      ...(owner !== undefined && { owner }),
    });
  }

  async portHolder(): Promise<string | undefined> {
    return portHolder(this.machine, this.place.address, this.place.port);
  }

  async controlPortHolder(): Promise<string | undefined> {
    return portHolder(this.machine, CONTROL_ADDRESS, this.place.controlPort);
  }

  async #problem(text: string): Promise<string | undefined> {
    const wanted = attachments(this.place);
    const [own, ...attached] = await Promise.all([
      this.#read(CLOSE_CONNECTIONS, "rollgate-*"),
      ...wanted.map(({ file }) => this.machine.run('cat "$1" 2>/dev/null || :', [file])),
    ]);
    for (const [index, { file, text: lines }] of wanted.entries()) {
      const held = attached[index] ?? "";
      if (held.trim() !== lines.trim()) return `${file} ${held === "" ? "is missing" : "was edited"}`;
    }
    if (own.has(CLOSE_CONNECTIONS)) return `${CLOSE_CONNECTIONS} was left behind`;
    return fileProblem(text, async (name) => own.get(name));
  }

  #change(script: string | undefined): Promise<string> {
    const { directory, httpFolder, master, executable, means } = this.place;
    const attached = attachments(this.place).flatMap(({ file, text }) => [file, text.trimEnd()]);
    const args = [directory, httpFolder, master, executable, means, this.#proposed, ...attached];
    return this.machine.run(script ?? "", args, { deadlineSeconds: DEADLINE_SECONDS });
  }

  #read(...names: string[]): Promise<ReadonlyMap<string, string>> {
    return readFiles(this.machine, this.place.directory, names);
  }

  #run(script: string, ...args: readonly string[]): Promise<string> {
    return this.machine.run(`cd "$1" 2>/dev/null || exit 0\n${script}`, [this.place.directory, ...args]);
  }
}
