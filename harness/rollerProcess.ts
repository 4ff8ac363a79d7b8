import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { inRepository } from "../tools/inRepository.ts";

/** How a roll ended: its exit code, or the signal that ended it, and every line that it printed. */
export interface RollOutcome {
  readonly code: number | undefined;
  readonly output: string;
}

/** A deployer in a process of its own. */
export class RollerProcess {
  readonly done: Promise<RollOutcome>;
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #listeners = new Set<() => void>();

  /** `engine` is the address whose silence tells the roller that Pulumi is gone. */
  constructor(inputsFile: string, engine = "none") {
    const script = join(inRepository("harness"), "roller.ts");
    const child = spawn(process.execPath, [script, engine, inputsFile], {
      cwd: inRepository(),
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    const take = (line: string) => {
      this.#lines.push(line);
      this.#tell();
    };
    createInterface(child.stdout).on("line", take);
    createInterface(child.stderr).on("line", take);
    this.done = once(child, "close").then(([code]) => {
      this.#tell();
      return { code: code ?? undefined, output: this.output };
    });
  }

  get output(): string {
    return this.#lines.join("\n");
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Resolves as soon as a line matches; rejects when the roller ends without one. */
  async line(pattern: RegExp): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        const ended = this.#child.exitCode !== null || this.#child.signalCode !== null;
        if (!this.#lines.some((line) => pattern.test(line))) {
          if (ended) reject(new Error(`the roller ended without ${pattern}:\n${this.output}`));
          return;
        }
        this.#listeners.delete(look);
        resolve();
      };
      this.#listeners.add(look);
      look();
    });
  }

  async kill(): Promise<RollOutcome> {
    this.#child.kill("SIGKILL");
    return this.done;
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** The pattern of a line about a phase: `phaseLine("app-1", "start")`. */
export function phaseLine(host: string, phase: string): RegExp {
  return new RegExp(`^\\[ *[\\d.]+ s\\] ${host} +${phase} `);
}
