import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { endProcessesUnder } from "../harness/endProcessesUnder.ts";
import { writeFakeJar, writeFakeJava } from "../harness/fakeApplication.ts";
import { Project } from "../test/endToEnd/project.ts";
import { pulumiEnvironment } from "../tools/pulumiEnvironment.ts";
import { type Timed, timed } from "./compare/timed.ts";

/** What a command of Pulumi printed, and what it cost in seconds: the whole of it, and of all processors. */
export interface Cost extends Timed {
  readonly wall: number;
}

/** A stack whose application starts at once, however many hosts it has, on the real Pulumi. */
export class FakeStack {
  readonly project: Project;
  readonly #name: string;

  private constructor(name: string, project: Project) {
    this.#name = name;
    this.project = project;
  }

  /** Nothing is declared yet. */
  static async create(name: string): Promise<FakeStack> {
    return new FakeStack(name, await Project.create(name));
  }

  /** A setting by a command each would take minutes for a large fleet. Only once. */
  async configure(settings: Readonly<Record<string, unknown>>): Promise<void> {
    const { directory } = this.project;
    const given = { java: await writeFakeJava(directory), jar: await this.jar("1.0.0"), soakSeconds: 0 };
    const config = Object.entries({ ...given, ...settings }).map(([key, value]) => [
      `rollgate:${key}`,
      value,
    ]);
    const text = stringify({ config: Object.fromEntries(config) });
    await appendFile(join(directory, `Pulumi.${this.#name}.yaml`), `\n${text}`);
  }

  /** The path of a jar of this version. */
  async jar(version: string): Promise<string> {
    const directory = await mkdtemp(join(this.project.directory, "jar-"));
    return (await writeFakeJar({ version }, directory)).path;
  }

  /** Runs `pulumi`, which must succeed. */
  async timed(...args: readonly string[]): Promise<Cost> {
    const { directory } = this.project;
    const { executable, env } = await pulumiEnvironment({
      PULUMI_BACKEND_URL: `file://${directory}/state`,
      PULUMI_CONFIG_PASSPHRASE: "not a secret",
    });
    const began = performance.now();
    const words = [executable, "--non-interactive", "--color=never", ...args];
    const timedRun = await timed(words, { cwd: directory, env });
    return { wall: (performance.now() - began) / 1000, ...timedRun };
  }

  /** Ends the applications and nginx, and removes everything, state and all. */
  async remove(): Promise<void> {
    const { directory } = this.project;
    await endProcessesUnder(directory);
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}
