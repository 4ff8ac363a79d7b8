import { CommandFailed, type Machine, NOT_THERE } from "../machine/machine.ts";
import { READ_FILE } from "../machine/readFile.ts";
import { writeFile } from "../machine/writeFile.ts";
import type { StatusFile } from "../status/statusFile.ts";

/** The file, in nginx's folder, with what `/status` shows of the last roll. */
export const ROLL_FILE = "roll.json";

const ANSWER_SECONDS = 5;

/** That file of an nginx on any machine. */
export class MachineStatusFile implements StatusFile {
  readonly name: string;
  readonly #machine: Pick<Machine, "run">;
  readonly #directory: string;

  constructor(machine: Machine, directory: string, url: string) {
    this.name = `nginx at ${url}`;
    // One that hangs must not replace a newer text once it goes on.
    this.#machine = {
      run: (script, args, options) =>
        machine.run(script, args, { ...options, deadlineSeconds: ANSWER_SECONDS }),
    };
    this.#directory = directory;
  }

  async read(): Promise<string | undefined> {
    try {
      return await this.#machine.run(READ_FILE, [this.#directory, ROLL_FILE], { unfenced: true });
    } catch (error) {
      if (error instanceof CommandFailed && error.exitCode === NOT_THERE) return undefined;
      throw error;
    }
  }

  /** nginx's workers read it under an account of their own. */
  async write(text: string): Promise<void> {
    await writeFile(this.#machine, this.#directory, ROLL_FILE, text, "022");
  }
}
